#include "app/agent/command_line.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>

#include "app/agent/config_file.h"
#include "app/agent/dns_flags.h"
#include "app/agent/pod_claim_json.h"
#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

void declareKeys(CLI::App& parser, AgentCommandLine& line) {
  for (const ConfigKey& key : configKeys()) {
    if (key.flags.empty()) {
      continue;
    }
    AgentCommandLine::Flag& flag = line.flags.emplace_back();
    flag.key = &key;
    std::string help(key.help);
    if (!key.standard.empty()) {
      help += fmt::format(" (default: {})", key.standard);
    }
    const std::string names(key.flags);
    // A switch may stand alone or as --name=false.
    flag.option = key.kind == KeyKind::kBool ? parser.add_flag(names, flag.text, help)
                                             : parser.add_option(names, flag.text, help);
    flag.option->group(key.effect == KeyEffect::kUsed ? "As in the configuration file" : "");
  }
}

Status readFile(AgentCommandLine& line) {
  const std::string yaml = TRY(sys::readFile(line.configFile));
  for (const ConfigNote& note : TRY(readConfig(line.configFile, yaml, line.proxy))) {
    spdlog::log(note.warning ? spdlog::level::warn : spdlog::level::info, "{}", note.text);
  }
  return {};
}

/// kube-proxy names the node after the machine unless told otherwise.
std::string hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? toLower(trim(name.data())) : "";
}

}  // namespace

void declare(CLI::App& parser, AgentCommandLine& line) {
  AgentOptions& options = line.agent;
  options.podSocket = kDefaultPodSocket;
  parser.add_option("--config", line.configFile,
                    "A KubeProxyConfiguration to start from (docs/configuration.md)");
  declareKeys(parser, line);
  parser.add_option("--pod-cidr", options.podCidr,
                    "Addresses of this node's pods (default: spec.podCIDR of the Node)");
  parser.add_option("--timeline", options.timeline,
                    "Append what happens to this file, a JSON object a line");
  parser.add_option("--listen-port", options.port, "Port for hooks, peers, health and metrics")
      ->capture_default_str();
  parser.add_option("--bind", options.bind,
                    "Addresses to listen on beside 127.0.0.1 (default: the Node's InternalIPs)");
  parser
      .add_option("--pod-socket", options.podSocket,
                  "Unix socket where CNI plugins claim pods' addresses, which brings them up only "
                  "when their policies hold (docs/network-policy.md); none: nowhere")
      ->capture_default_str();
  parser
      .add_option("--gate-share", options.gate.share,
                  "The part of a grace period that the gate may use")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  addDuration(parser, "--gate-reserve", options.gate.reserve,
              "What the gate leaves to the application (default 5s); half of the period is the "
              "gate's in any case");
  parser.add_flag("--departed,!--no-departed", options.departed,
                  "Look after the addresses of pods that go (docs/termination.md; default true)");
  addDuration(parser, "--park", options.departedTable.times.park,
              "How long a connection to a StatefulSet's pod waits for its successor (default 10s; "
              "0s: not at all)");
  parser.add_flag(
      "--second-chance,!--no-second-chance", options.departedTable.times.secondChance,
      "Lead new connections that nodes with late rules still send to a pod that goes to "
      "another endpoint (docs/termination.md; default true)");
  parser.add_flag("--network-policy,!--no-network-policy", options.policy,
                  "Enforce NetworkPolicies (docs/network-policy.md; default true)");
  parser
      .add_option(
          "--network-policy-deny", line.policyDeny,
          "What clients get that policies deny: reject (a reset, or ICMP) or drop (nothing)")
      ->check(CLI::IsMember({"reject", "drop"}))
      ->capture_default_str();
  parser.add_flag("--judge-own-node", options.policyTable.judgeOwnNode,
                  "Apply egress policies to what a pod sends to its own node, too");
  declareDns(parser, line);
  parser.add_flag("--dry-run", line.dryRun,
                  "Print what would be done to the packet rules now, as nft commands, and exit");
  parser.add_flag("--cleanup", line.cleanup, "Remove the packet rules and exit");
  parser.add_flag("--force", line.force, "With --cleanup: even while an agent runs here");
  parser.add_flag("--verbose", line.verbose, "Log more");
}

Status settle(AgentCommandLine& line) {
  if (!line.configFile.empty()) {
    TRY_VOID(readFile(line));
  }
  for (const AgentCommandLine::Flag& flag : line.flags) {
    if (flag.option->count() == 0) {
      continue;
    }
    TRY_VOID(setFromFlag(line.proxy, *flag.key, flag.text));
    if (flag.key->effect != KeyEffect::kUsed) {
      spdlog::info("{} has no effect: {}", flag.key->flags, flag.key->help);
    }
  }
  TRY_VOID(validate(line.proxy));
  const ProxyConfig& proxy = line.proxy;
  AgentOptions& options = line.agent;
  if (options.podSocket == "none") {
    options.podSocket.clear();
  }
  options.nodeName = proxy.hostname.empty() ? hostname() : proxy.hostname;
  options.kubeconfig = proxy.kubeconfig;
  options.healthz = proxy.healthz;
  options.metrics = proxy.metrics;
  options.syncPeriod = proxy.syncPeriod;
  options.minSyncPeriod = proxy.minSyncPeriod;
  options.primaryNodePorts = proxy.primaryNodePorts;
  options.nodePortNetworks = proxy.nodePortNetworks;
  options.policyTable.reject = line.policyDeny == "reject";
  options.policyTable.podNetworks = proxy.clusterCidrs;
  if (!options.podCidr.empty()) {
    options.policyTable.podNetworks.push_back(TRY(Cidr::parse(options.podCidr)));
  }
  return {};
}

Result<PlaneOptions> planeOptions(const AgentCommandLine& line) {
  const ProxyConfig& proxy = line.proxy;
  using Mode = rules::LocalDetector::Mode;
  PlaneOptions plane;
  plane.node = line.agent.nodeName;
  plane.proxyName = proxy.serviceProxyName;
  plane.masqueradeAll = proxy.masqueradeAll;
  plane.primaryNodePorts = proxy.primaryNodePorts;
  plane.nodePortNetworks = proxy.nodePortNetworks;
  plane.linger = line.dns.enabled ? line.dns.linger : nanoseconds{};
  if (proxy.detectLocalMode == "BridgeInterface") {
    plane.pods = {Mode::kBridge, {}, proxy.bridgeInterface};
  } else if (proxy.detectLocalMode == "InterfaceNamePrefix") {
    plane.pods = {Mode::kInterfacePrefix, {}, proxy.interfaceNamePrefix};
  } else if (proxy.detectLocalMode != "NodeCIDR") {
    plane.pods.networks = proxy.clusterCidrs;
  }
  if (!line.agent.podCidr.empty()) {
    plane.pods = rules::podsIn({TRY(Cidr::parse(line.agent.podCidr))});
  }
  return plane;
}

}  // namespace hitless::app
