// How much it costs to know that every node has removed an endpoint, and how long gates wait for
// it: rollouts in clusters of up to 5,000 nodes, in virtual time. docs/watermarks.md explains the
// model.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "watermark/exchange.h"
#include "watermark/gate_cost.h"

namespace {

using namespace hitless::bench;

constexpr std::uint32_t kMostGates = 200;  ///< Nodes whose gates are simulated one by one.

std::vector<std::string> rows;

void row(const std::string& scenario, std::string_view metric, double value,
         std::string_view unit) {
  rows.push_back(
      fmt::format(R"({{"case":"{}","metric":"{}","value":{:.6g},"unit":"{}","peer":{{}}}})",
                  scenario, metric, value, unit));
}

double quantile(const std::vector<double>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(share * last)];
}

void report(const std::string& scenario, const Outcome& outcome, const Parameters& parameters) {
  row(scenario, "gate p50", quantile(outcome.waits, 0.5) * 1e3, "ms");
  row(scenario, "gate p99", quantile(outcome.waits, 0.99) * 1e3, "ms");
  row(scenario, "gate max", quantile(outcome.waits, 1) * 1e3, "ms");
  row(scenario, "timed out",
      100.0 * static_cast<double>(outcome.timedOut) /
          static_cast<double>(std::max<std::size_t>(1, outcome.waits.size())),
      "%");
  row(scenario, "questions", outcome.questions, "");
  row(scenario, "bytes", outcome.bytes / 1e6, "MB");
  row(scenario, "busiest node", outcome.busiest, "questions/s");
  row(scenario, "its CPU", outcome.busiest * parameters.answerCpu * 100, "%");
  row(scenario, "open polls", outcome.open, "");
}

/// The nodes whose gates are simulated, at random among those that lose a pod.
std::vector<std::uint32_t> sampleOf(const Rollout& rollout, std::uint32_t nodes, Random& random,
                                    double& weight) {
  std::vector<bool> loses(nodes, false);
  for (const OldPod& pod : rollout.pods()) {
    loses[pod.node] = true;
  }
  std::vector<std::uint32_t> sample;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    if (loses[node]) {
      sample.push_back(node);
    }
  }
  std::shuffle(sample.begin(), sample.end(), random);
  weight = std::max(1.0, static_cast<double>(sample.size()) / kMostGates);
  sample.resize(std::min<std::size_t>(sample.size(), kMostGates));
  return sample;
}

struct Scene {
  const Parameters& parameters;
  const Rollout& rollout;
  const Cluster& cluster;
  std::vector<std::uint32_t> gates;
  double weight = 1;
};

/// Relays: the nodes in as many groups; a relay asks its group. 0: each gate asks each node.
Outcome exchange(const Scene& scene, std::uint32_t groups, Random random) {
  const std::uint32_t nodes = scene.cluster.size();
  Exchange exchange(scene.parameters, scene.cluster, random);
  std::vector<Exchange::Peer> asked;
  for (std::uint32_t group = 0; group < groups; ++group) {
    std::vector<Exchange::Peer> members;
    for (std::uint32_t node = group; node < nodes; node += groups) {
      members.push_back({node, -1, 0, false, 0});
    }
    const auto relay = static_cast<std::int32_t>(exchange.addParty(group, members, 1));
    asked.push_back({group, relay, 0, false, 0});
  }
  for (std::uint32_t node = 0; groups == 0 && node < nodes; ++node) {
    asked.push_back({node, -1, 0, false, 0});
  }
  std::vector<std::int64_t> partyOf(nodes, -1);
  for (const std::uint32_t node : scene.gates) {
    std::vector<Exchange::Peer> peers = asked;
    std::erase_if(peers, [&](const auto& peer) { return peer.relay < 0 && peer.node == node; });
    partyOf[node] =
        static_cast<std::int64_t>(exchange.addParty(node, std::move(peers), scene.weight));
  }
  for (const OldPod& pod : scene.rollout.pods()) {
    if (partyOf[pod.node] >= 0) {
      exchange.want(static_cast<std::size_t>(partyOf[pod.node]), pod.revision,
                    std::max(pod.hook, scene.cluster.arrival(pod.node, pod.revision)), pod.hook);
    }
  }
  return exchange.run();
}

/// What no exchange can undercut: the last node's commit.
void lowerBound(const Scene& scene, const std::string& scenario) {
  std::vector<bool> simulated(scene.cluster.size(), false);
  for (const std::uint32_t node : scene.gates) {
    simulated[node] = true;
  }
  std::vector<double> waits;
  for (const OldPod& pod : scene.rollout.pods()) {
    double last = 0;
    for (std::uint32_t node = 0; simulated[pod.node] && node < scene.cluster.size(); ++node) {
      last = std::max(last, scene.cluster.committed(node, pod.revision));
    }
    if (simulated[pod.node]) {
      waits.push_back(std::clamp(last - pod.hook, 0.0, scene.parameters.budget));
    }
  }
  std::sort(waits.begin(), waits.end());
  row(scenario, "gate p50", quantile(waits, 0.5) * 1e3, "ms");
  row(scenario, "gate p99", quantile(waits, 0.99) * 1e3, "ms");
}

/// Each node writes its watermark into a Lease while it moves; every node watches all of them.
void leases(const Scene& scene, const std::string& scenario, Random random) {
  const Parameters& p = scene.parameters;
  const double nodes = scene.cluster.size();
  const double moving = std::min(
      1 / p.publishEvery, static_cast<double>(scene.rollout.writes().size()) / scene.rollout.end());
  const double writes = nodes * moving;
  row(scenario, "API writes", writes, "/s");
  row(scenario, "watch events", writes * nodes, "/s");
  row(scenario, "API egress", writes * nodes * p.leaseBytes / 1e6, "MB/s");
  if (writes > p.leaseWritesLimit || writes * nodes * p.leaseBytes > p.servers * p.egress) {
    return row(scenario, "feasible", 0, "");
  }
  row(scenario, "feasible", 1, "");
  std::vector<double> phase(scene.cluster.size());
  for (double& one : phase) {
    one = uniform(random, 0, p.publishEvery);
  }
  std::vector<bool> simulated(scene.cluster.size(), false);
  for (const std::uint32_t node : scene.gates) {
    simulated[node] = true;
  }
  Outcome outcome;
  for (const OldPod& pod : scene.rollout.pods()) {
    if (!simulated[pod.node]) {
      continue;
    }
    double last = 0;
    for (std::uint32_t node = 0; node < scene.cluster.size(); ++node) {
      const double moved = scene.cluster.committed(node, pod.revision) - phase[node];
      const double written =
          std::ceil(moved / p.publishEvery) * p.publishEvery + phase[node] + p.leaseWrite;
      last = std::max(last, written + lognormal(random, p.watchLag, p.watchLagSigma));
    }
    const double wait = std::max(0.0, last - pod.hook);
    outcome.timedOut += wait > p.budget ? 1 : 0;
    outcome.waits.push_back(std::min(wait, p.budget));
  }
  std::sort(outcome.waits.begin(), outcome.waits.end());
  row(scenario, "gate p50", quantile(outcome.waits, 0.5) * 1e3, "ms");
  row(scenario, "gate p99", quantile(outcome.waits, 0.99) * 1e3, "ms");
  row(scenario, "gate max", quantile(outcome.waits, 1) * 1e3, "ms");
}

/// Push-pull gossip: a table of all watermarks to one random node each period.
void gossip(const Parameters& parameters, std::uint32_t nodes) {
  const std::string scenario = fmt::format("{} nodes, gossip (calculated)", nodes);
  const double table = 12.0 * nodes;  // A node's number and its watermark.
  row(scenario, "bytes of a node", 2 * table / parameters.publishEvery / 1e6, "MB/s");
  row(scenario, "until all know",
      parameters.publishEvery * (std::log2(nodes) + std::log(nodes)) * 1e3, "ms");
}

/// One rollout with each exchange; what its nodes suffer from is the same with all of them.
void simulate(const Parameters& parameters, std::uint32_t nodes, std::uint32_t pods) {
  Random random(nodes * 1000003ULL + pods);
  const Rollout rollout(parameters, nodes, pods, random);
  const Cluster cluster(parameters, nodes, rollout, random);
  Scene scene{parameters, rollout, cluster, {}, 1};
  scene.gates = sampleOf(rollout, nodes, random, scene.weight);
  const std::string name = fmt::format("{} nodes, {} pods, ", nodes, pods);
  row(name + "rollout", "takes", rollout.end(), "s");
  row(name + "rollout", "bytes of the watches", cluster.watchBytes() / 1e6, "MB");
  lowerBound(scene, name + "last commit");
  report(name + "each gate asks each node", exchange(scene, 0, random), parameters);
  const auto groups = static_cast<std::uint32_t>(std::lround(std::sqrt(nodes)));
  report(name + "relays", exchange(scene, groups, random), parameters);
  leases(scene, name + "Leases", random);
  std::fprintf(stderr, "%s done\n", name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const Parameters parameters;
  const std::uint32_t most = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 5000;
  for (const std::uint32_t nodes : {3U, 8U, 16U, 100U, 1000U, 5000U}) {
    if (nodes > most) {
      break;
    }
    if (nodes < 100) {
      simulate(parameters, nodes, 2 * nodes);  // To compare with an embedded cluster.
      continue;
    }
    for (const std::uint32_t pods : {10U, 100U, 1000U, 20000U}) {
      simulate(parameters, nodes, pods);
    }
    gossip(parameters, nodes);
  }
  for (const int nodes : {100, 1000, 5000}) {
    row(fmt::format("{} nodes", nodes), "CPU of a gate for one removal", gateCost(nodes) * 1e3,
        "ms");
  }
  std::puts(fmt::format("[{}]", fmt::join(rows, ",\n ")).c_str());
  return 0;
}
