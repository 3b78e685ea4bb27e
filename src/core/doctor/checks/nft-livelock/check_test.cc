#include "core/doctor/checks/nft-livelock/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/nft_changes.h"
#include "core/doctor/processes.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using testing::MadeEvidence;

Process iptables(double cpu, char state) {
  Process process;
  process.pid = 77;
  process.name = "iptables";
  process.executable = "/usr/sbin/xtables-nft-multi";
  process.cpuSeconds = cpu;
  process.ageSeconds = 60;
  process.state = state;
  return process;
}

std::string changes(std::uint32_t last) {
  NftChanges value;
  value.firstGeneration = 10;
  value.lastGeneration = last;
  value.writers.push_back({9, "kube-proxy", 2, 0, 0});
  return renderNftChanges(value);
}

TEST(NftLivelock, FindsOneThatBeginsAgainAndAgain) {
  MadeEvidence made;
  made.has(names::kNftChanges, changes(12));
  made.becomes(names::kProcesses, renderProcesses({iptables(42, 'R')}),
               renderProcesses({iptables(43, 'R')}));
  const auto found = kNftLivelock.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].evidence, ::testing::Contains("kube-proxy (pid 9) committed 2 times"));
}

TEST(NftLivelock, IsSilentAboutOthers) {
  MadeEvidence made;
  made.has(names::kNftChanges, changes(12));
  made.has(names::kProcesses, renderProcesses({iptables(1, 'R')}));
  EXPECT_TRUE(kNftLivelock.run(made.evidence).empty()) << "short";
  made.has(names::kProcesses, renderProcesses({iptables(43, 'S')}));
  EXPECT_TRUE(kNftLivelock.run(made.evidence).empty()) << "asleep";
  Process legacy = iptables(43, 'R');
  legacy.executable = "/usr/sbin/xtables-legacy-multi";
  made.has(names::kProcesses, renderProcesses({legacy}));
  EXPECT_TRUE(kNftLivelock.run(made.evidence).empty()) << "legacy";
  made.has(names::kProcesses, renderProcesses({iptables(43, 'R')}));
  made.has(names::kNftChanges, changes(10));
  EXPECT_TRUE(kNftLivelock.run(made.evidence).empty()) << "nobody writes: it will end";
}

}  // namespace
}  // namespace hitless::doctor
