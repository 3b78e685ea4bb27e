#include "app/proxy/command.h"

#include <memory>

#include "app/command.h"
#include "app/proxy/gateway_command.h"
#include "app/proxy/redirect_command.h"
#include "app/proxy/sidecar_command.h"

namespace hitless::app {
namespace {

constexpr Command kProxyCommands[] = {
    {"sidecar", "Stand before an application, and leave when its last request has ended",
     addProxySidecar},
    {"gateway", "Let requests in by Gateways, HTTPRoutes and Ingresses", addProxyGateway},
    {"redirect", "Lead a pod's connections to the proxy in it, and exit", addProxyRedirect},
};

}  // namespace

std::function<int()> addProxy(CLI::App& parser) {
  parser.require_subcommand(1);
  auto status = std::make_shared<int>(0);
  for (const Command& command : kProxyCommands) {
    CLI::App* sub = parser.add_subcommand(command.name, command.summary);
    sub->callback([status, body = command.add(*sub)] { *status = body(); });
  }
  return [status] { return *status; };
}

}  // namespace hitless::app
