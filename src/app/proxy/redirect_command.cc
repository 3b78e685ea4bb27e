#include "app/proxy/redirect_command.h"

#include <fmt/format.h>

#include <memory>

#include "app/proxy/redirect.h"

namespace hitless::app {
namespace {

using proxy::PortList;

struct CommandLine {
  rules::ProxyTableOptions table;
  bool cleanup = false;
};

/// A flag that takes a list of ports.
void addPorts(CLI::App& parser, const char* name, PortList& ports, const char* what) {
  parser.add_option_function<std::string>(
      name,
      [name, &ports](const std::string& text) {
        auto parsed = PortList::parse(text);
        if (!parsed) {
          throw CLI::ValidationError(name, parsed.error().text());
        }
        ports = *std::move(parsed);
      },
      what);
}

void declare(CLI::App& parser, CommandLine& line) {
  rules::ProxyTableOptions& table = line.table;
  addPorts(parser, "--inbound-ports", table.inbound,
           "Of connections to the pod, those to these ports: all (the default) or 80,8000-8099");
  addPorts(parser, "--exclude-inbound-ports", table.inboundExcluded, "But not those to these");
  addPorts(parser, "--outbound-ports", table.outbound,
           "Of connections that the pod makes, those to these ports (default: none)");
  addPorts(parser, "--exclude-outbound-ports", table.outboundExcluded, "But not those to these");
  parser.add_option("--inbound-to", table.inboundTo, "Where the proxy takes the ones")
      ->capture_default_str();
  parser.add_option("--outbound-to", table.outboundTo, "Where it takes the others")
      ->capture_default_str();
  parser.add_option("--uid", table.user, "The proxy's user, whose connections are left alone")
      ->capture_default_str();
  parser
      .add_option("--priority", table.priority, "SO_PRIORITY of sockets that are left alone, too")
      ->capture_default_str();
  parser.add_flag("--cleanup", line.cleanup, "Remove the rules");
  parser.footer(
      "The rules are table 'inet hitless-proxy' of the network namespace that this runs "
      "in: docs/proxy-injection.md.");
}

Status execute(const CommandLine& line) {
  return line.cleanup ? removeRedirection() : redirectToProxy(line.table);
}

}  // namespace

std::function<int()> addProxyRedirect(CLI::App& parser) {
  auto line = std::make_shared<CommandLine>();
  declare(parser, *line);
  return [line]() -> int {
    if (const Status status = execute(*line); !status) {
      fmt::print(stderr, "hitless proxy redirect: {}\n", status.error().text());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app
