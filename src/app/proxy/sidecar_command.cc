#include "app/proxy/sidecar_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "app/proxy/proxy_process.h"
#include "app/proxy/sidecar_table.h"
#include "core/proxy/sidecar.h"

namespace hitless::app {
namespace {

struct SidecarOptions : ProxyOptions {
  std::vector<std::string> inbound;
  std::uint16_t redirectPort = 0;
  std::uint16_t outboundPort = 0;
};

Status runSidecar(const SidecarOptions& options) {
  SidecarTable ports{{}, options.redirectPort, options.outboundPort};
  for (const std::string& text : options.inbound) {
    ports.inbound.push_back(TRY(parseInbound(text)));
  }
  if (ports.inbound.empty() && ports.redirectPort == 0 && ports.outboundPort == 0) {
    return invalid("there is nothing to listen on",
                   "give --redirect-port 15006, or --inbound 8081=127.0.0.1:8080");
  }
  return runProxy(options, false, [&](ProxyProcess& process) -> Result<std::shared_ptr<void>> {
    TRY_VOID(process.host.setTable(sidecarTable(ports)));
    for (const InboundPort& port : ports.inbound) {
      spdlog::info("port {} is led to {}", port.listen.port, port.to.text());
    }
    return std::shared_ptr<void>();
  });
}

}  // namespace

std::function<int()> addProxySidecar(CLI::App& parser) {
  auto options = std::make_shared<SidecarOptions>();
  options->admin = fmt::format("127.0.0.1:{}", proxy::sidecar::kAdminPort);
  declareProxy(parser, *options);
  parser.add_option("--inbound", options->inbound,
                    "A port to serve for one of the application, LISTEN=ADDRESS:PORT; may be given "
                    "several times");
  parser.add_option("--redirect-port", options->redirectPort,
                    "Takes what `hitless proxy redirect` leads here from all ports of the pod");
  parser.add_option("--outbound-port", options->outboundPort,
                    "Takes what is led here of what the pod sends");
  parser.add_flag("--native", options->native,
                  "This is an init container with restartPolicy Always: SIGTERM comes when the "
                  "application has ended");
  return [options]() -> int {
    if (const Status status = runSidecar(*options); !status) {
      fmt::print(stderr, "hitless proxy sidecar: {}\n", status.error().text());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app
