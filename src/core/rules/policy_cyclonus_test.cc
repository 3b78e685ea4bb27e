#include <gtest/gtest.h>

#include <algorithm>

#include "testing/cyclonus.h"
#include "testing/policy_nodes.h"

/// The recorded verdicts against what the planned tables do to a packet.
namespace hitless::rules {
namespace {

using testing::CyclonusProbe;
using testing::CyclonusStep;
using testing::NodeVerdict;

/// All pods are in the pod networks of the nodes.
constexpr const char* kPodNetwork = "192.168.0.0/16";

testing::PolicyLists listsOf(const CyclonusStep& step, const std::vector<std::string>& nodes) {
  testing::PolicyLists lists;
  lists.policies = step.policies;
  for (const auto& [name, labels] : step.state.namespaces) {
    lists.namespaces.push_back(testing::namespaceObject(name, labels));
  }
  for (std::size_t i = 0; i < step.state.pods.size(); ++i) {
    policy::Pod pod = step.state.pods[i];
    pod.node = nodes[i % nodes.size()];
    lists.pods.push_back(testing::objectOf(pod));
  }
  for (const std::string& name : nodes) {
    lists.nodes.push_back(testing::nodeObject({name, {}}, {kPodNetwork}));
  }
  return lists;
}

nft::WalkPacket packetOf(const policy::Pod& from, const policy::Pod& to,
                         const CyclonusProbe& probe) {
  return nft::opening(static_cast<std::uint8_t>(probe.protocol), from.ips.front(), 40000,
                      to.ips.front(), probe.port);
}

/// As the recording has it. Egress is judged first, so that "IE" is only seen as "E".
std::string seen(const NodeVerdict& verdict) {
  if (verdict.outcome.accepted()) {
    return {};
  }
  EXPECT_EQ(verdict.outcome.kind, nft::WalkOutcome::Kind::kReject) << "every pod is known";
  for (auto step = verdict.outcome.steps.rbegin(); step != verdict.outcome.steps.rend(); ++step) {
    if (step->chain == names::kPolicyEgress) {
      return "E";
    }
    if (step->chain == names::kPolicyIngress) {
      return "I";
    }
  }
  return "?";
}

struct Count {
  std::size_t verdicts = 0;
  std::size_t allowed = 0;
};

/// What was recorded, of what a pod sends to itself that it passes.
std::string wanted(const CyclonusStep& step, const policy::Pod& from, const policy::Pod& to,
                   const CyclonusProbe& probe) {
  const std::string line = testing::cyclonusLine(from, to, probe);
  for (const char* sides : {"E", "IE", "I"}) {
    if (&from != &to && step.blocked.contains(line + " " + sides)) {
      return std::string(sides) == "I" ? "I" : "E";
    }
  }
  return {};
}

Count compareStep(const CyclonusStep& step, const testing::PolicyNodes& nodes,
                  const std::vector<std::string>& names) {
  Count count;
  const auto& pods = step.state.pods;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    for (std::size_t j = 0; j < pods.size(); ++j) {
      for (const CyclonusProbe& probe : step.probes) {
        const NodeVerdict verdict = nodes.judge(packetOf(pods[i], pods[j], probe),
                                                names[i % names.size()], names[j % names.size()]);
        EXPECT_EQ(seen(verdict), wanted(step, pods[i], pods[j], probe))
            << testing::cyclonusLine(pods[i], pods[j], probe) << " on " << verdict.node << "\n"
            << verdict.lines();
        ++count.verdicts;
        count.allowed += verdict.outcome.accepted() ? 1 : 0;
      }
    }
  }
  return count;
}

/// "x/a>x/a:80/TCP I"
bool isToItself(const std::string& line) {
  const std::size_t arrow = line.find('>');
  return line.substr(0, arrow) == line.substr(arrow + 1, line.find(':') - arrow - 1);
}

void compareOn(const std::vector<std::string>& names) {
  const auto steps = testing::cyclonusSteps();
  if (!steps) {
    GTEST_SKIP() << "no recorded verdicts";
  }
  testing::PolicyNodes nodes(names);
  Count total;
  std::size_t selfDenied = 0;
  for (const CyclonusStep& step : *steps) {
    SCOPED_TRACE(step.description);
    nodes.list(listsOf(step, names));
    nodes.each([](testing::PolicyNode& node) { node.expectAsFresh(); });
    const Count count = compareStep(step, nodes, names);
    total.verdicts += count.verdicts;
    total.allowed += count.allowed;
    selfDenied += static_cast<std::size_t>(
        std::count_if(step.blocked.begin(), step.blocked.end(), isToItself));
    if (::testing::Test::HasFailure()) {
      return;  // The first step that fails says enough.
    }
  }
  EXPECT_EQ(total.verdicts, testing::kCyclonusVerdicts);
  EXPECT_EQ(total.allowed, testing::kCyclonusAllowed + selfDenied);
}

TEST(PolicyTableCyclonus, AllPodsOnOneNode) {
  compareOn({"node-1"});
}

TEST(PolicyTableCyclonus, PodsSpreadOverThreeNodes) {
  compareOn({"node-1", "node-2", "node-3"});
}

}  // namespace
}  // namespace hitless::rules
