#include "core/service/snapshot.h"

#include <gtest/gtest.h>

#include "testing/services.h"

namespace hitless::service {
namespace {

using testing::erased;
using testing::full;
using testing::slice;
using testing::upsert;

const ServiceName kWeb{"default", "web"};

TEST(ServiceSnapshot, IsReadyWhenBothWatchesHaveSpoken) {
  SnapshotBuilder builder;
  builder.applyServices(full({testing::service("web", "10.96.0.10")}));
  EXPECT_FALSE(builder.ready());
  const Changes changes = builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}})}, 42));
  EXPECT_TRUE(builder.ready());
  EXPECT_TRUE(changes.all);
  EXPECT_EQ(builder.current().revision(), 42U);
  EXPECT_EQ(builder.current().size(), 1U);
}

TEST(ServiceSnapshot, AnOldSnapshotStaysAsItWas) {
  SnapshotBuilder builder;
  builder.applyServices(full({testing::service("web", "10.96.0.10")}));
  builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}})}, 1));
  const Snapshot before = builder.current();
  const Changes changes =
      builder.applyEndpointSlices(upsert(slice("web", {{"10.0.0.1"}, {"10.0.0.2"}}, {{}}, 9), 9));
  EXPECT_EQ(changes.services, std::set{kWeb});
  EXPECT_FALSE(changes.all);
  EXPECT_EQ(before.find(kWeb)->slices.begin()->second->endpoints.size(), 1U);
  EXPECT_EQ(builder.current().find(kWeb)->slices.begin()->second->endpoints.size(), 2U);
  EXPECT_EQ(before.revision(), 1U);
  EXPECT_EQ(builder.current().revision(), 9U);
}

TEST(ServiceSnapshot, ABookmarkMovesTheRevisionOnly) {
  SnapshotBuilder builder;
  builder.applyEndpointSlices(full({}, 5));
  const Changes changes = builder.applyEndpointSlices({watch::Update::Kind::kIncremental, {}, 77});
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(builder.current().revision(), 77U);
}

TEST(ServiceSnapshot, AFullUpdateForgetsWhatItDoesNotName) {
  SnapshotBuilder builder;
  builder.applyServices(
      full({testing::service("web", "10.96.0.10"), testing::service("old", "10.96.0.11")}));
  builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}}), slice("old", {{"10.0.0.2"}})}));
  builder.applyServices(full({testing::service("web", "10.96.0.10")}));
  builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}})}));
  EXPECT_EQ(builder.current().size(), 1U);
  EXPECT_NE(builder.current().find(kWeb), nullptr);
}

TEST(ServiceSnapshot, ASliceMayMoveToAnotherService) {
  SnapshotBuilder builder;
  builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}})}));
  auto moved = kube::json::object(*slice("web", {{"10.0.0.1"}}));
  moved["metadata"].as_object()["labels"].as_object()["kubernetes.io/service-name"] = "other";
  const Changes changes =
      builder.applyEndpointSlices(upsert(std::make_shared<const kube::json::object>(moved), 3));
  EXPECT_EQ(changes.services, (std::set<ServiceName>{kWeb, {"default", "other"}}));
  EXPECT_EQ(builder.current().find(kWeb), nullptr);
  EXPECT_EQ(builder.current().find({"default", "other"})->slices.size(), 1U);
}

TEST(ServiceSnapshot, DeletingServiceAndSlicesLeavesNothing) {
  SnapshotBuilder builder;
  builder.applyServices(full({testing::service("web", "10.96.0.10")}));
  builder.applyEndpointSlices(full({slice("web", {{"10.0.0.1"}})}));
  builder.applyServices(erased(testing::service("web", "10.96.0.10"), 2));
  EXPECT_EQ(builder.current().find(kWeb)->service, nullptr);
  builder.applyEndpointSlices(erased(slice("web", {}), 3));
  EXPECT_EQ(builder.current().size(), 0U);
}

}  // namespace
}  // namespace hitless::service
