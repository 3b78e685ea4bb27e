#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/report/render_json.h"
#include "core/report/render_table.h"

namespace hitless::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using timeline::Event;
using timeline::What;

WallTime at(std::int64_t ms) {
  return WallTime{seconds{1'700'000'000}} + milliseconds{ms};
}

Event event(std::int64_t ms, What what, std::string node, std::string pod = {},
            std::string detail = {}) {
  const bool ofPod = !pod.empty();
  return {at(ms),           what, std::move(node), std::move(pod), "", ofPod ? "10.1.1.2" : "", 0,
          std::move(detail)};
}

/// web-0 crashes and comes back; later it is deleted, and a new pod has its name and its address.
/// A node is cut meanwhile, and an RPC client finds its way back.
Rehearsal eventful() {
  ProfileRun run;
  run.profile = "stock";
  run.clientNode = "node-1";
  run.actionStarted = at(0);
  run.events = {
      event(-9000, What::kPodReady, "node-2", "default/web-0"),
      event(100, What::kContainerExited, "node-2", "default/web-0", "exit 137 (signal 9)"),
      event(700, What::kPodReady, "node-2", "default/web-0"),
      event(800, What::kNodeCut, "node-3"),
      event(1800, What::kNodeMended, "node-3"),
      event(2000, What::kPodDeleted, "", "default/web-0"),
      event(2002, What::kSigterm, "node-2", "default/web-0"),
      event(2010, What::kContainerExited, "node-2", "default/web-0", "exit 0"),
      event(2020, What::kPodGone, "", "default/web-0"),
      event(2900, What::kPodReady, "node-2", "default/web-0")};
  run.events.push_back(
      event(2030, What::kUnknown, "node-2", "default/web-0", "until it is reused"));
  run.events.back().unknown = "address.tombstoned";
  NamedLoad load{"rpc", {}};
  load.result.spec.url = "grpc://web-0.web:80/";
  load.result.sent = 100;
  load.result.failed = 1;
  load.result.succeeded = 99;
  load::Failure lost;
  lost.cause = load::Cause::kConnectionRefused;
  lost.scheduled = lost.failed = at(2500);
  lost.connect = at(2499);
  lost.host = "web-0.web:80";
  lost.backend = load::Endpoint{*IpAddress::parse("10.1.1.2"), 80};
  lost.backoffUntil = at(3500);
  load.result.failures.listed = {lost};
  load.result.failures.counts[lost.cause] = 1;
  load.result.reconnects.count = 1;
  load.result.reconnects.longest = milliseconds{1505};
  load.result.reconnects.listed = {
      {"web-0.web:80", at(2001), at(3506), milliseconds{1505}, 2, "connection refused"}};
  run.loads = {load};
  Rehearsal out;
  out.expectProfile = "stock";
  out.profiles = {run};
  return out;
}

TEST(Table, PassesOverPodsWhoseWorkWasOverAndShortensTheRest) {
  Rehearsal rehearsal;
  ProfileRun run;
  run.profile = "hitless";
  for (int i = 0; i < 40; ++i) {
    const std::string pod = "jobs/task-" + std::to_string(i);
    run.events.push_back(event(i, What::kPodReady, "node-2", pod));
    run.events.push_back(
        event(i + 1, What::kContainerExited, "node-2", pod, i < 20 ? "exit 0" : "exit 3"));
    run.events.push_back(event(i + 2, What::kPodDeleted, "", pod));
  }
  rehearsal.profiles = {run};
  const std::string table = renderTable(rehearsal, {});
  EXPECT_THAT(table, Not(HasSubstr("task-19 ")));
  EXPECT_THAT(table, HasSubstr("hitless: jobs/task-20 ended (exit 3) and did not come back\n"));
  EXPECT_THAT(table, HasSubstr("hitless: 8 more ended, see -o json\n"));
  EXPECT_THAT(table, HasSubstr("\n  jobs/task-20 "));
  EXPECT_THAT(table, HasSubstr("\n  and 8 more, see -o json\n"));
}

TEST(Table, TellsReconnectsCrashesAndCuts) {
  const std::string table = renderTable(eventful(), {});
  EXPECT_THAT(table, HasSubstr("longest reconnect                           1.50 s"));
  EXPECT_THAT(table, HasSubstr("stock, rpc: 1 reconnect:\n"
                               "  web-0.web:80: reconnect took 1.50 s: dialled 10.1.1.2 "
                               "(default/web-0, dead for 489 ms) 1.00 ms:\n"
                               "    connection refused; back-off 1.00 s\n"));
  EXPECT_THAT(table,
              HasSubstr("stock: default/web-0 ended 100 ms after the action (exit 137 (signal "
                        "9)) and was ready again\n    after 600 ms\n"));
  EXPECT_THAT(table, HasSubstr("stock: node-3 was cut off from the others 800 ms after the action, "
                               "for 1.00 s\n"));
}

TEST(Json, TwoPodsOfOneNameAreTwoPods) {
  const kube::json::object json = renderJson(eventful());
  const auto& profile = kube::findArray(json, {"profiles"})->front().get_object();
  const kube::json::array& pods = *kube::findArray(profile, {"pods"});
  ASSERT_EQ(pods.size(), 2U);
  const auto& old = pods[0].get_object();
  EXPECT_EQ(kube::integer(kube::findArray(old, {"crashes"})->front().get_object(), {"downMs"}),
            600);
  const kube::json::array& steps = *kube::findArray(old, {"steps"});
  std::string order;
  for (const auto& step : steps) {
    order += std::string(kube::text(step.get_object(), {"what"})) + " ";
  }
  EXPECT_EQ(order, "pod.deleted container.sigterm container.exited pod.gone address.tombstoned ");
  EXPECT_EQ(kube::integer(steps.back().get_object(), {"afterDeletionMs"}), 30);
  EXPECT_EQ(kube::find(pods[1].get_object(), "steps"), nullptr);
  const auto& load = kube::findArray(profile, {"loads"})->front().get_object();
  const auto& outage = kube::findArray(load, {"reconnects", "list"})->front().get_object();
  EXPECT_EQ(kube::findArray(outage, {"phases"})->size(), 2U);
  EXPECT_EQ(kube::text(kube::findArray(load, {"failures"})->front().get_object(), {"pod"}),
            "default/web-0");
}

}  // namespace
}  // namespace hitless::report
