#include "core/report/timeline_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "testing/source_dir.h"

namespace hitless::report {
namespace {

using timeline::What;

WallTime at(std::int64_t ms) {
  return WallTime{seconds{1'700'000'000}} + milliseconds{ms};
}

timeline::Event event(std::int64_t ms, What what, std::string pod) {
  return {at(ms), what, "node-1", std::move(pod), "", "10.1.1.2", 7, "why"};
}

Rehearsal twoProfiles() {
  ProfileRun stock;
  stock.profile = "stock";
  stock.events = {event(30, What::kSigterm, "default/a"),
                  event(10, What::kPodDeleted, "default/a")};
  stock.events.push_back(event(20, What::kUnknown, ""));
  stock.events.back().unknown = "moon.rose";
  NamedLoad load{"rpc", {}};
  load.result.started = at(0);
  load.result.duration = milliseconds{100};
  load::Failure lost;
  lost.cause = load::Cause::kConnectionRefused;
  lost.scheduled = lost.failed = at(40);
  load.result.failures.listed = {lost};
  lost.failed = at(35);
  load.result.retries.listed = {lost};
  load.result.reconnects.listed = {{"web:80", at(41), at(61), milliseconds{20}, 2, "refused"}};
  load.result.reconnects.count = 1;
  stock.loads = {load};
  ProfileRun hitless;
  hitless.profile = "hitless";
  hitless.events = {event(25, What::kPodDeleted, "default/b")};
  Rehearsal out;
  out.profiles = {stock, hitless};
  return out;
}

TEST(TimelineFile, HasAllInOrderOfTime) {
  const std::string text = timelineFile(twoProfiles());
  std::string order;
  std::int64_t last = 0;
  for (const std::string_view line : split(trim(text), '\n')) {
    const auto value = kube::parseJson(line);
    ASSERT_TRUE(value) << line;
    const auto& entry = value->get_object();
    EXPECT_GE(kube::integer(entry, {"unixNs"}), last);
    last = kube::integer(entry, {"unixNs"});
    order += std::string(kube::text(entry, {"profile"})) + ":" +
             std::string(kube::text(entry, {"what"})) + " ";
  }
  EXPECT_EQ(order,
            "stock:load.started stock:pod.deleted stock:moon.rose hitless:pod.deleted "
            "stock:container.sigterm stock:request.retried stock:request.failed stock:channel.lost "
            "stock:channel.back stock:load.ended ");
}

TEST(TimelineFile, ARequestHasItsCauseAndPod) {
  const std::string text = timelineFile(twoProfiles());
  const auto begin = text.rfind('\n', text.find("request.failed")) + 1;
  const auto value = kube::parseJson(text.substr(begin, text.find('\n', begin) - begin));
  ASSERT_TRUE(value);
  const auto& entry = value->get_object();
  EXPECT_EQ(kube::text(entry, {"load"}), "rpc");
  EXPECT_EQ(kube::text(entry, {"cause"}), "connection-refused");
  EXPECT_EQ(kube::text(entry, {"class"}), "endpoint-lag");
  EXPECT_EQ(kube::text(entry, {"pod"}), "default/a");
  EXPECT_FALSE(kube::text(entry, {"evidence"}).empty());
  EXPECT_NE(kube::findObject(entry, {"request", "time"}), nullptr);
}

TEST(TimelineFile, EveryKindOfEventIsDocumented) {
  std::ifstream page(testing::sourceFile("docs/timeline.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  for (int i = 0; i < static_cast<int>(What::kUnknown); ++i) {
    const std::string name(timeline::name(static_cast<What>(i)));
    EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace hitless::report
