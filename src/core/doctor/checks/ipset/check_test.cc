#include "core/doctor/checks/ipset/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/ip_sets.h"
#include "core/doctor/processes.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

IpSet set(const char* name, std::uint32_t references, std::uint32_t elements = 1) {
  return {name, "hash:ip", 4, 2, references, elements, 1000, 100};
}

Process process(const char* name) {
  Process one;
  one.pid = 7;
  one.name = name;
  return one;
}

TEST(IpSetCheck, FindsSetsThatAreFull) {
  MadeEvidence made;
  made.has(names::kIpSets, renderIpSets({set("KUBE-DST-A", 1, 899)}));
  EXPECT_TRUE(kIpSet.run(made.evidence).empty());
  made.has(names::kIpSets, renderIpSets({set("KUBE-DST-A", 1, 900), set("x", 1, 1000)}));
  const auto found = kIpSet.run(made.evidence);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_EQ(found[0].owner, "kube-router");
  EXPECT_EQ(found[1].severity, Severity::kCritical);
  EXPECT_TRUE(found[0].repair.empty());
}

TEST(IpSetCheck, DestroysWhatADeadOwnerLeft) {
  MadeEvidence made;
  made.has(names::kIpSets, renderIpSets({set("KUBE-DST-A", 0), set("inet6:KUBE-SRC-B", 0),
                                         set("KUBE-SRC-C", 2), set("mine", 0)}));
  EXPECT_TRUE(kIpSet.run(made.evidence).empty()) << "nobody knows who runs";
  made.has(names::kProcesses, renderProcesses({process("kube-router")}));
  EXPECT_TRUE(kIpSet.run(made.evidence).empty());
  made.has(names::kProcesses, renderProcesses({process("k3s-server")}));
  EXPECT_TRUE(kIpSet.run(made.evidence).empty());
  made.has(names::kProcesses, renderProcesses({process("bash")}));
  const auto found = kIpSet.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].repair.at(0), Action(DestroyIpSets{{"KUBE-DST-A", "inet6:KUBE-SRC-B"}}));
}

TEST(IpSetCheck, ManyTemporarySetsAreTold) {
  std::vector<IpSet> sets;
  MadeEvidence made;
  made.has(names::kProcesses, renderProcesses({process("kube-router")}));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(kIpSet.run(made.evidence).empty());
    sets.push_back(set(("TMP-" + std::to_string(i)).c_str(), 0));
    made.has(names::kIpSets, renderIpSets(sets));
  }
  const auto found = kIpSet.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].remedy, HasSubstr("restart kube-router"));
  EXPECT_TRUE(found[0].repair.empty());
}

}  // namespace
}  // namespace hitless::doctor
