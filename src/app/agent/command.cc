#include "app/agent/command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>

#include "app/agent/agent.h"
#include "core/rules/names.h"
#include "sys/clock/real_clock.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/process/pod_sockets.h"
#include "sys/timeline/file_sink.h"

namespace hitless::app {
namespace {

struct CommandLine {
  AgentOptions agent;
  bool cleanup = false;
  bool verbose = false;
};

Result<PlaneOptions> planeOptions(const AgentOptions& options) {
  PlaneOptions plane;
  plane.node = options.nodeName;
  if (!options.podCidr.empty()) {
    plane.pods.networks.push_back(TRY(Cidr::parse(options.podCidr)));
  }
  return plane;
}

Status runAgent(const AgentOptions& options) {
  // Writing to a peer that has gone is an error to handle, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context io(1);
  sys::RealClock clock;
  sys::RealRng rng;
  sys::TimelineFile timeline = TRY(sys::TimelineFile::open(options.timeline));
  sys::KubeConfig config = TRY(sys::loadKubeconfig(options.kubeconfig));
  const auto client = TRY(sys::KubeClient::create(io, std::move(config)));
  sys::NftDataplane kernel = TRY(sys::NftDataplane::open(std::string(rules::names::kTable)));
  sys::Conntrack flows = TRY(sys::Conntrack::open());
  sys::PodSockets untaken;
  PlaneOptions planeOptions = TRY(hitless::app::planeOptions(options));
  ServicePlane plane(kernel, std::move(planeOptions));
  Agent agent({io, *client, clock, rng, timeline, plane, flows, untaken}, options);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) {
    // The rules stay: they serve until a successor takes over.
    agent.stop();
    io.stop();
  });
  agent.start();
  io.run();
  return {};
}

Status cleanUp() {
  sys::NftDataplane kernel = TRY(sys::NftDataplane::open(std::string(rules::names::kTable)));
  ServicePlane plane(kernel, {});
  return plane.cleanup();
}

int report(const Status& status) {
  if (!status) {
    fmt::print(stderr, "hitless agent: {}\n", status.error().text());
  }
  return status ? 0 : 1;
}

/// An option in Go's duration syntax.
void addDuration(CLI::App& parser, const std::string& name, nanoseconds& target,
                 const std::string& help) {
  parser
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const auto value = parseDuration(text);
            if (!value || *value < nanoseconds{}) {
              throw CLI::ValidationError(name,
                                         "'" + text + "' is not a duration such as 1s or 300ms");
            }
            target = *value;
          },
          help)
      ->type_name("DURATION");
}

void declare(CLI::App& parser, CommandLine& line) {
  AgentOptions& options = line.agent;
  parser.add_option("--node-name", options.nodeName, "This node's name in the cluster");
  parser.add_option("--kubeconfig", options.kubeconfig, "How to reach the API server");
  parser.add_option("--pod-cidr", options.podCidr,
                    "Addresses of this node's pods (default: spec.podCIDR of the Node)");
  parser.add_option("--timeline", options.timeline,
                    "Append what happens to this file, a JSON object a line");
  parser.add_option("--listen-port", options.port, "Port for hooks, peers, health and metrics")
      ->capture_default_str();
  parser.add_option("--bind", options.bind,
                    "Addresses to listen on beside 127.0.0.1 (default: the Node's InternalIPs)");
  addDuration(parser, "--min-sync-period", options.minSyncPeriod,
              "Least time between two commits (default 0s: each change at once)");
  parser
      .add_option("--gate-share", options.gate.share,
                  "The part of a grace period that the gate may use")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  addDuration(parser, "--gate-reserve", options.gate.reserve,
              "What the gate leaves to the application (default 5s); half of the period is the "
              "gate's in any case");
  parser.add_flag("--cleanup", line.cleanup, "Remove the packet rules and exit");
  parser.add_flag("--verbose", line.verbose, "Log more");
}

}  // namespace

std::function<int()> addAgent(CLI::App& parser) {
  auto line = std::make_shared<CommandLine>();
  declare(parser, *line);
  return [line]() -> int {
    spdlog::set_level(line->verbose ? spdlog::level::debug : spdlog::level::info);
    if (line->cleanup) {
      return report(cleanUp());
    }
    if (line->agent.nodeName.empty() || line->agent.kubeconfig.empty()) {
      return report(invalid("--node-name and --kubeconfig are needed"));
    }
    return report(runAgent(line->agent));
  };
}

}  // namespace hitless::app
