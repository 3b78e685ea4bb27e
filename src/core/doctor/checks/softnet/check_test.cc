#include "core/doctor/checks/softnet/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

TEST(Softnet, FindsDropsAndSqueezes) {
  MadeEvidence made;
  made.becomes("proc/net/softnet_stat", "10 5 0\n", "20 5 63\n");
  EXPECT_TRUE(kSoftnet.run(made.evidence).empty()) << "99 a second";
  made.becomes("proc/net/softnet_stat", "10 5 0\n", "20 5 64\n");
  EXPECT_EQ(kSoftnet.run(made.evidence).at(0).severity, Severity::kWarning);
  made.becomes("proc/net/softnet_stat", "10 5 0\n10 0 0\n", "20 5 0\n20 1 0\n");
  const auto found = kSoftnet.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].summary, HasSubstr("1 packets were dropped"));
}

TEST(Softnet, FindsACpuThatDoesNothingElse) {
  MadeEvidence made;
  const char* before = "cpu  1 1 1 1 1 1 1 1\ncpu0 0 0 0 100 0 0 0 0 0 0\ncpu1 0 0 0 9 0 0 0 0\n";
  made.becomes("proc/stat", before, "cpu0 0 0 0 150 0 0 50 0 0 0\ncpu1 1 0 0 9 0 0 99 0\n");
  made.becomes("proc/softirqs", " CPU0 CPU1\n NET_RX: 0 0\n", " CPU0 CPU1\n NET_RX: 10 30\n");
  const auto found = kSoftnet.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_EQ(found[0].summary, "CPU 1 spends 99 % of its time in soft interrupts");
  EXPECT_EQ(found[0].evidence.at(1), "75 % of NET_RX interrupts are its");
}

}  // namespace
}  // namespace hitless::doctor
