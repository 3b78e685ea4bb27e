#include "app/agent/command.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>
#include <optional>

#include "app/agent/agent.h"
#include "app/agent/command_line.h"
#include "app/agent/departed_kernel.h"
#include "app/agent/dry_run.h"
#include "app/agent/kernel.h"
#include "app/agent/machine_settings.h"
#include "sys/clock/real_clock.h"
#include "sys/netlink/address_monitor.h"
#include "sys/netlink/conntrack.h"
#include "sys/process/limits.h"
#include "sys/process/pod_sockets.h"
#include "sys/timeline/file_sink.h"

namespace hitless::app {
namespace {

/// Node ports by network follow the machine's addresses; those of the Node need no monitor.
Result<std::optional<sys::AddressMonitor>> addressMonitor(const AgentOptions& options) {
  std::optional<sys::AddressMonitor> monitor;
  if (!options.nodePortNetworks.empty()) {
    monitor.emplace(TRY(sys::AddressMonitor::open()));
  }
  return monitor;
}

std::vector<IpAddress> machineAddresses() {
  auto monitor = sys::AddressMonitor::open();
  return monitor ? monitor->read().value_or(std::vector<IpAddress>{}) : std::vector<IpAddress>{};
}

/// nullopt if it is not wanted, or if this kernel cannot do it.
std::optional<DepartedKernel> departedKernel(const AgentOptions& options) {
  if (!options.departed) {
    if (const Status removed = removeDepartedTable(); !removed) {
      spdlog::warn("{}", removed.error().text());
    }
    return std::nullopt;
  }
  auto opened = openDepartedKernel(options.departedTable);
  if (!opened) {
    spdlog::warn("the addresses of pods that go are left to time-outs: {}", opened.error().text());
    return std::nullopt;
  }
  return std::move(*opened);
}

/// nullopt if it is not wanted. A kernel that cannot do it is an error: nobody would be told that
/// policies do nothing.
Result<std::optional<PolicyKernel>> policyKernel(const AgentOptions& options) {
  if (!options.policy) {
    TRY_VOID(removePolicyTable());
    return std::nullopt;
  }
  auto opened = openPolicyKernel(options.policyTable);
  if (!opened) {
    Error error = std::move(opened).error().during("cannot enforce NetworkPolicies");
    error.hint += error.hint.empty() ? "" : "; ";
    error.hint += "--no-network-policy leaves them to somebody else";
    return tl::unexpected(std::move(error));
  }
  return std::optional(std::move(*opened));
}

Status runAgent(const AgentCommandLine& line) {
  const AgentOptions& options = line.agent;
  // Writing to a peer that has gone is an error to handle, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context io(1);
  sys::RealClock clock;
  sys::RealRng rng;
  sys::TimelineFile timeline = TRY(sys::TimelineFile::open(options.timeline));
  sys::KubeConfig config =
      TRY(sys::findKubeConfig(options.kubeconfig, sys::PodEnvironment::current()));
  const auto client = TRY(sys::KubeClient::create(io, clock, std::move(config)));
  Kernel kernel = TRY(openKernel());
  auto addresses = TRY(addressMonitor(options));
  sys::Conntrack flows = TRY(sys::Conntrack::open());
  sys::Conntrack allFlows = TRY(sys::Conntrack::open());
  FlowWorker flowWorker(io, allFlows);
  sys::PodSockets untaken;
  applyMachineSettings(line.proxy);
  std::optional<DnsPlane> dns;
  if (line.dns.enabled) {
    sys::raiseFileLimit();  // A forwarded question holds a socket.
    dns.emplace(io, clock, line.dns);
  }
  PlaneOptions planned = TRY(planeOptions(line));
  std::optional<DepartedKernel> departing = departedKernel(options);
  std::optional<DepartedPlane> departed;
  if (departing) {
    departed.emplace(
        DepartedPlane::Parts{io, departing->dataplane, flows, flowWorker,
                             departing->packets ? &*departing->packets : nullptr,
                             departing->log ? &*departing->log : nullptr, machineAddresses},
        options.nodeName, departing->options);
  }
  std::optional<PolicyKernel> policing = TRY(policyKernel(options));
  std::optional<PolicyPlane> policy;
  if (policing) {
    departed::PacketSender* packets =
        departing && departing->packets ? &*departing->packets : nullptr;
    policy.emplace(PolicyPlane::Parts{io, policing->dataplane, clock, rng, flowWorker, packets},
                   options.nodeName, options.policyTable);
  }
  ServicePlane plane(kernel.dataplane, std::move(planned), dns ? &*dns : nullptr,
                     departed ? &*departed : nullptr);
  Agent agent({io, *client, clock, rng, timeline, plane, flows, flowWorker, untaken,
               &kernel.monitor, addresses ? &*addresses : nullptr, dns ? &*dns : nullptr,
               departed ? &*departed : nullptr, departing ? &departing->monitor : nullptr,
               policy ? &*policy : nullptr, policing ? &policing->monitor : nullptr},
              options);
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

Status dryRun(const AgentCommandLine& line) {
  constexpr nanoseconds kPatience = seconds(30);
  boost::asio::io_context io(1);
  sys::RealClock clock;
  sys::RealRng rng;
  sys::KubeConfig config =
      TRY(sys::findKubeConfig(line.agent.kubeconfig, sys::PodEnvironment::current()));
  const auto client = TRY(sys::KubeClient::create(io, clock, std::move(config)));
  PlaneOptions options = TRY(planeOptions(line));
  DryRun run({io, *client, clock, rng}, std::move(options));
  const std::string commands = TRY(run.run(kPatience));
  fmt::print("{}", commands.empty() ? "# the rules are as they should be\n" : commands);
  return {};
}

int report(const Status& status) {
  if (!status) {
    fmt::print(stderr, "hitless agent: {}\n", status.error().text());
  }
  return status ? 0 : 1;
}

Status execute(AgentCommandLine& line) {
  if (line.cleanup) {
    return removeRules(line.force);
  }
  TRY_VOID(settle(line));
  if (line.agent.nodeName.empty()) {
    return invalid("--node-name is needed", "in a pod: --node-name=$(NODE_NAME)");
  }
  return line.dryRun ? dryRun(line) : runAgent(line);
}

}  // namespace

std::function<int()> addAgent(CLI::App& parser) {
  auto line = std::make_shared<AgentCommandLine>();
  declare(parser, *line);
  return [line]() -> int {
    spdlog::set_level(line->verbose ? spdlog::level::debug : spdlog::level::info);
    if (line->dryRun) {
      spdlog::set_default_logger(spdlog::stderr_logger_st("hitless"));  // stdout is the answer.
    }
    return report(execute(*line));
  };
}

}  // namespace hitless::app
