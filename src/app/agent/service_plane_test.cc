#include "app/agent/service_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "core/nft/memory_dataplane.h"
#include "core/nft/text.h"
#include "core/rules/names.h"
#include "testing/result.h"
#include "testing/services.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;
using testing::full;
using ::testing::IsEmpty;
using testing::service;
using testing::slice;
using testing::upsert;

TEST(ServicePlane, HandsOnWhatReachedTheKernelOnce) {
  nft::MemoryDataplane kernel{std::string(rules::names::kTable)};
  ServicePlane plane(kernel, {.node = "node-1"});
  plane.applyServices(full({service("web", "10.96.0.10"), service("dns", "10.96.0.11")}));
  plane.applySlices(full({}));
  EXPECT_TRUE(plane.takeApplied().empty());
  ASSERT_OK(plane.sync({}));
  EXPECT_TRUE(plane.takeApplied().all);

  const service::ServiceName web{"default", "web"};
  const service::ServiceName dns{"default", "dns"};
  plane.applySlices(upsert(slice("web", {{"10.244.1.5"}}), 2));
  kernel.refuseNext(ENOBUFS);
  EXPECT_FALSE(plane.sync({}));
  EXPECT_TRUE(plane.takeApplied().empty());
  plane.applySlices(upsert(slice("dns", {{"10.244.1.6"}}), 3));
  ASSERT_OK(plane.sync({}));
  const service::Changes applied = plane.takeApplied();
  EXPECT_FALSE(applied.all);
  EXPECT_THAT(applied.services, ElementsAre(dns, web));
  EXPECT_THAT(plane.takeApplied().services, IsEmpty());
}

/// Notes what it is told, and how many elements the kernel had then.
class RecordedNames : public NamePublisher {
 public:
  explicit RecordedNames(nft::MemoryDataplane& kernel) : kernel_(kernel) {}
  void withdraw(const service::Snapshot&, const service::Changes&) override { note("withdraw"); }
  void publish(const service::Snapshot&) override { note("publish"); }
  std::vector<std::string> told;

 private:
  void note(const std::string& what) {
    const nft::Ruleset held = kernel_.read().value();
    const bool has = held.table && nft::render(held).find("10.96.0.10") != std::string::npos;
    told.push_back(what + (has ? " with rules" : " without rules"));
  }
  nft::MemoryDataplane& kernel_;
};

TEST(ServicePlane, NamesComeAfterTheirRulesAndGoBeforeThem) {
  nft::MemoryDataplane kernel{std::string(rules::names::kTable)};
  RecordedNames names(kernel);
  ServicePlane plane(kernel, {.node = "node-1", .linger = seconds(1)}, &names);
  const MonoTime start{seconds(100)};
  plane.applyServices(full({service("web", "10.96.0.10")}));
  plane.applySlices(full({slice("web", {{"10.244.1.5"}})}));
  ASSERT_OK(plane.sync(start));
  EXPECT_THAT(names.told, ElementsAre("withdraw without rules", "publish with rules"));

  names.told.clear();
  plane.applyServices(testing::erased(service("web", "10.96.0.10"), 2));
  kernel.refuseNext(ENOBUFS);
  EXPECT_FALSE(plane.sync(start));
  EXPECT_THAT(names.told, ElementsAre("withdraw with rules"));
  ASSERT_OK(plane.sync(start));  // The rules linger.
  EXPECT_THAT(names.told,
              ElementsAre("withdraw with rules", "withdraw with rules", "publish with rules"));
  EXPECT_EQ(plane.deadline(), start + seconds(1));
  ASSERT_OK(plane.sync(start + seconds(1)));
  EXPECT_EQ(names.told.back(), "publish without rules");
}

}  // namespace
}  // namespace hitless::app
