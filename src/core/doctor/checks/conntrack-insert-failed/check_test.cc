#include "core/doctor/checks/conntrack-insert-failed/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

constexpr std::string_view kStat = "proc/net/stat/nf_conntrack";

TEST(ConntrackInsertFailed, FindsWhatRises) {
  MadeEvidence made;
  made.becomes(kStat, "insert_failed\n00000005\n", "insert_failed\n00000005\n");
  EXPECT_TRUE(kConntrackInsertFailed.run(made.evidence).empty());
  made.becomes(kStat, "insert_failed\n00000005\n00000001\n", "insert_failed\n00000006\n00000002\n");
  Flows flows;
  flows.flows.resize(2);
  flows.flows[0].original.protocol = conntrack::kUdp;
  flows.flows[0].original.destinationPort = 53;
  made.has(names::kFlows, renderFlows(flows));
  const auto found = kConntrackInsertFailed.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_THAT(found[0].summary, HasSubstr("2 packets were lost"));
  EXPECT_THAT(found[0].evidence[1], HasSubstr("50 % of 2 entries"));
  EXPECT_THAT(found[0].evidence[2], HasSubstr("mended in 6.12"));
}

TEST(ConntrackInsertFailed, KnowsMendedKernels) {
  MadeEvidence made;
  made.becomes(kStat, "insert_failed\n00000005\n", "insert_failed\n00000105\n");
  for (const char* kernel : {"6.12.3", "7.0", "x", ""}) {
    made.evidence.kernel = kernel;
    const auto found = kConntrackInsertFailed.run(made.evidence);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].severity, Severity::kCritical);
    EXPECT_EQ(found[0].evidence.size(), 1U) << kernel;
  }
}

}  // namespace
}  // namespace hitless::doctor
