#include "core/report/series.h"

#include <gtest/gtest.h>

namespace hitless::report {
namespace {

Rehearsal rehearsal(std::uint64_t failed) {
  ProfileRun run;
  run.profile = "hitless";
  NamedLoad load{"all", {}};
  load.result.sent = 1000;
  load.result.failed = failed;
  load.result.succeeded = 1000 - failed;
  load.result.reconnects.count = 1;
  load.result.reconnects.longest = milliseconds{100 * static_cast<int>(failed + 1)};
  run.loads = {load};
  Rehearsal out;
  out.profiles = {run};
  return out;
}

TEST(Series, PassesOnlyIfEveryRunDoes) {
  Series series;
  EXPECT_FALSE(series.passed());
  series.add(rehearsal(0));
  EXPECT_TRUE(series.passed());
  EXPECT_EQ(series.lastLine(10), "  run  1 of 10  PASS  hitless lost none of 1,000");
  series.add(rehearsal(2));
  EXPECT_FALSE(series.passed());
  EXPECT_EQ(series.lastLine(10), "  run  2 of 10  FAIL  hitless lost 2 of 1,000");
  series.add(rehearsal(0));
  EXPECT_FALSE(series.passed());
  EXPECT_EQ(series.summary(),
            "\n  hitless    lost 2 of 3,000 requests; run by run: 0 2 0\n"
            "\n  FAIL  2 of 3 runs met the expectation\n");
}

TEST(Series, HasEveryReportInItsJson) {
  Series series;
  series.add(rehearsal(0));
  series.add(rehearsal(2));
  const kube::json::object json = series.toJson();
  EXPECT_EQ(kube::text(json, {"schema"}), "hitless.io/rehearsals/v1");
  EXPECT_FALSE(kube::boolean(json, {"passed"}));
  EXPECT_EQ(kube::findArray(json, {"runs"})->size(), 2U);
  const auto& profile = kube::findArray(json, {"profiles"})->front().get_object();
  EXPECT_EQ(kube::json::serialize(*kube::find(profile, "failed")), "[0,2]");
  EXPECT_EQ(kube::integer(profile, {"longestReconnectMs"}), 300);
}

}  // namespace
}  // namespace hitless::report
