#include <gmock/gmock.h>

#include "core/doctor/check.h"
#include "core/doctor/examine.h"
#include "testing/doctor_evidence.h"
#include "testing/node_rules.h"

namespace hitless::doctor {
namespace {

using testing::NodeEvidence;
using testing::NodeRules;

/// "missing-jumps: nothing leads ..." for a failure that says what was found.
std::vector<std::string> findingsOf(const Evidence& evidence) {
  std::vector<std::string> lines;
  const Examination seen = examine(evidence, checks());
  for (const Finding& finding : seen.findings) {
    lines.push_back(finding.check + ": " + finding.summary +
                    (finding.evidence.empty() ? "" : " [" + finding.evidence.front() + "]"));
  }
  return lines;
}

NodeEvidence evidenceOf(const NodeRules& node) {
  NodeEvidence evidence;
  evidence.processes(node.processes);
  if (!node.bridge.empty()) {
    evidence.bridge(node.bridge, node.address);
  }
  if (!node.flannelSubnet.empty()) {
    evidence.file("run/flannel/subnet.env", node.flannelSubnet);
  }
  return evidence;
}

TEST(HealthyNode, HasNoFindingOnEitherBackend) {
  for (const NodeRules& node : testing::healthyNodes()) {
    const Evidence nft = evidenceOf(node).nft(node.read("save")).nft6(node.read("save6")).build();
    EXPECT_THAT(findingsOf(nft), ::testing::IsEmpty()) << node.file << " on nft";
    const Evidence legacy = evidenceOf(node).legacy(node.read("save")).build();
    EXPECT_THAT(findingsOf(legacy), ::testing::IsEmpty()) << node.file << " on legacy";
  }
}

TEST(HealthyNode, HasNoFindingWhereProcessesAreNotSeen) {
  for (const NodeRules& node : testing::healthyNodes()) {
    const Evidence evidence =
        NodeEvidence().nft(node.read("save")).nft6(node.read("save6")).build();
    EXPECT_THAT(findingsOf(evidence), ::testing::IsEmpty()) << node.file;
  }
}

TEST(HealthyNode, IsReadFromFilesThatAreThere) {
  for (const NodeRules& node : testing::healthyNodes()) {
    EXPECT_NE(node.read("save") + node.read("nft"), "") << node.file;
  }
}

}  // namespace
}  // namespace hitless::doctor
