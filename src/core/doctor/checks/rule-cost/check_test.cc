#include "core/doctor/checks/rule-cost/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/round_trip.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

std::vector<Finding> look(std::chrono::nanoseconds here, std::uint32_t trips = 10) {
  MadeEvidence made;
  made.has(names::kRoundTrip,
           renderRoundTrip({here, std::chrono::microseconds(8), here, trips, 0}));
  return kRuleCost.run(made.evidence);
}

TEST(RuleCost, GradesByWhatAPacketPays) {
  EXPECT_TRUE(look(std::chrono::microseconds(9)).empty());
  EXPECT_TRUE(look(std::chrono::microseconds(207)).empty());
  EXPECT_TRUE(look(std::chrono::milliseconds(9), 0).empty()) << "none came back";
  EXPECT_EQ(look(std::chrono::microseconds(208)).at(0).severity, Severity::kWarning);
  const auto found = look(std::chrono::milliseconds(276));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_EQ(found[0].summary, "this node's rules add 138.0 ms to every packet");
  EXPECT_THAT(found[0].evidence.at(1), HasSubstr("627,254 to 5,519,840 rules"));
}

}  // namespace
}  // namespace hitless::doctor
