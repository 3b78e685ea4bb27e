#include "app/proxy/proxy_options.h"

#include <cstdlib>

#include "app/agent/dns_flags.h"
#include "base/text.h"

namespace hitless::app {

void declareProxy(CLI::App& parser, ProxyOptions& options) {
  parser.add_option("--drain", options.drain,
                    "When to exit after SIGTERM: requests (the default: when none is in flight), "
                    "zero-connections[:DURATION], fixed:DURATION. Without it Istio's variables "
                    "EXIT_ON_ZERO_ACTIVE_CONNECTIONS, MINIMUM_DRAIN_DURATION and "
                    "TERMINATION_DRAIN_DURATION are read");
  addDuration(parser, "--grace", options.grace,
              "The pod's terminationGracePeriodSeconds: a second before its end what is left is "
              "cut and written down (default: no end)");
  addDuration(parser, "--removal-wait", options.removalWait,
              "How long clients may take to hear that this endpoint is going (default 5s)");
  parser.add_flag("--gated", options.gated,
                  "SIGTERM is held back until every node has heard of it (docs/gate.md)");
  parser
      .add_option("--admin", options.admin,
                  "Where the admin interface listens, ADDRESS:PORT; off: nowhere")
      ->capture_default_str();
  parser.add_option("--status-port", options.statusPort, "Port of /healthz/ready; 0: none")
      ->capture_default_str();
  parser.add_option("--access-log", options.accessLog, "Format of a line for each request")
      ->check(CLI::IsMember({"text", "json", "off"}))
      ->capture_default_str();
  parser.add_option("--handover", options.handover,
                    "A unix socket by which a successor that is started with the same path takes "
                    "over the listening sockets; this one drains then. No connection is refused");
  parser.add_option("--workers", options.workers, "Threads that serve")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

Result<proxy::DrainSettings> drainSettingsOf(const ProxyOptions& options) {
  proxy::DrainSettings settings =
      TRY(proxy::drainSettings([](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      }));
  if (!options.drain.empty()) {
    settings.mode = TRY(proxy::parseDrainMode(options.drain));
  }
  if (options.grace > nanoseconds::zero()) {
    settings.grace = options.grace;
  }
  settings.removalWait = options.removalWait;
  settings.nativeSidecar = options.native;
  return settings;
}

Result<Door> parseDoor(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  const auto port = parseUint(colon == std::string::npos ? text : text.substr(colon + 1));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  Door door;
  if (!host.empty()) {
    door.ip = IpAddress::parse(host);
  }
  if ((!host.empty() && !door.ip) || !port || *port > 65535) {
    return invalid("\"" + text + "\" is no ADDRESS:PORT",
                   "write it like 127.0.0.1:8080 or [::1]:8080");
  }
  door.port = static_cast<std::uint16_t>(*port);
  return door;
}

}  // namespace hitless::app
