#include "app/agent/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/agent/pacer.h"
#include "testing/page.h"

namespace hitless::app {
namespace {

using ::testing::HasSubstr;

TEST(Histogram, CountsCumulatively) {
  Histogram histogram(0.5, 2, 2);
  for (const auto value :
       {milliseconds(100), milliseconds(500), milliseconds(700), milliseconds(5000)}) {
    histogram.observe(value);
  }
  EXPECT_EQ(histogram.render("x", "a=\"b\""),
            "x_bucket{a=\"b\",le=\"0.5\"} 2\n"
            "x_bucket{a=\"b\",le=\"1\"} 3\n"
            "x_bucket{a=\"b\",le=\"+Inf\"} 4\n"
            "x_sum{a=\"b\"} 6.3\n"
            "x_count{a=\"b\"} 4\n");
}

TEST(AgentMetrics, RendersEveryMetricOnceWithHelp) {
  AgentMetrics metrics;
  metrics.watermark = 4711;
  metrics.observeGate("Acknowledged", milliseconds(3));
  metrics.noLocalExternal.v6 = 3;
  metrics.started = MonoTime{seconds(10)};
  metrics.lastNews["services"] = MonoTime{seconds(90)};
  metrics.lastNews["endpointslices"] = MonoTime{seconds(95)};
  const std::string text = render({metrics, MonoTime{seconds(100)}, {}});
  EXPECT_THAT(text, HasSubstr("# TYPE hitless_watermark gauge\nhitless_watermark 4711\n"));
  EXPECT_THAT(
      text,
      HasSubstr("hitless_gate_wait_seconds_bucket{reason=\"Acknowledged\",le=\"0.004\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE kubeproxy_sync_proxy_rules_duration_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("kubeproxy_sync_proxy_rules_no_local_endpoints_total{"
                              "ip_family=\"IPv6\",traffic_policy=\"external\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_healthz_total{code=\"503\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hitless_snapshot_age_seconds{resource=\"services\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("hitless_api_contact_age_seconds 5\n"));
}

TEST(AgentMetrics, ThePageIsTheTable) {
  testing::expectPage("metrics.md", renderMetricsPage());
}

TEST(SyncPacer, RunsAnIsolatedChangeAtOnceAndSpacesTheRest) {
  SyncPacer pacer(seconds(1));
  const MonoTime start{seconds(100)};
  EXPECT_EQ(pacer.earliest(start), start);
  pacer.succeeded(start + milliseconds(200));
  EXPECT_EQ(pacer.earliest(start + milliseconds(300)), start + milliseconds(1200));
  EXPECT_EQ(pacer.earliest(start + seconds(5)), start + seconds(5));
}

TEST(SyncPacer, BacksOffAfterFailures) {
  SyncPacer pacer(nanoseconds{0});
  const MonoTime now{seconds(100)};
  pacer.failed(now);
  EXPECT_EQ(pacer.earliest(now), now + milliseconds(100));
  pacer.failed(now);
  EXPECT_EQ(pacer.earliest(now), now + milliseconds(200));
  for (int i = 0; i < 100; ++i) {
    pacer.failed(now);
  }
  EXPECT_EQ(pacer.earliest(now), now + seconds(30));
  pacer.succeeded(now);
  pacer.failed(now);
  EXPECT_EQ(pacer.earliest(now), now + milliseconds(100));
}

TEST(SyncPacer, HurriesPastThePeriodButNotPastAFailure) {
  SyncPacer pacer(seconds(10));
  const MonoTime now{seconds(100)};
  pacer.succeeded(now);
  pacer.hurry(now);
  EXPECT_EQ(pacer.earliest(now), now);
  pacer.failed(now);
  pacer.hurry(now);
  EXPECT_GT(pacer.earliest(now), now);
}

TEST(HealPacer, HealsAtOnceAndPacesAStorm) {
  HealPacer pacer;
  MonoTime now{seconds(100)};
  EXPECT_EQ(pacer.next(now), now);
  EXPECT_EQ(pacer.next(now), now + milliseconds(50));
  EXPECT_EQ(pacer.next(now), now + milliseconds(150));
  for (int i = 0; i < 20; ++i) {
    now = pacer.next(now);
  }
  EXPECT_EQ(pacer.next(now), now + seconds(5));
  now += seconds(60);
  EXPECT_EQ(pacer.next(now), now) << "it has been quiet";
}

}  // namespace
}  // namespace hitless::app
