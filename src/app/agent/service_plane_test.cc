#include "app/agent/service_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "core/nft/memory_dataplane.h"
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
  ASSERT_OK(plane.sync());
  EXPECT_TRUE(plane.takeApplied().all);

  const service::ServiceName web{"default", "web"};
  const service::ServiceName dns{"default", "dns"};
  plane.applySlices(upsert(slice("web", {{"10.244.1.5"}}), 2));
  kernel.refuseNext(ENOBUFS);
  EXPECT_FALSE(plane.sync());
  EXPECT_TRUE(plane.takeApplied().empty());
  plane.applySlices(upsert(slice("dns", {{"10.244.1.6"}}), 3));
  ASSERT_OK(plane.sync());
  const service::Changes applied = plane.takeApplied();
  EXPECT_FALSE(applied.all);
  EXPECT_THAT(applied.services, ElementsAre(dns, web));
  EXPECT_THAT(plane.takeApplied().services, IsEmpty());
}

}  // namespace
}  // namespace hitless::app
