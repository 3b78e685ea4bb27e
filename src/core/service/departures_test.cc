#include "core/service/departures.h"

#include <gtest/gtest.h>

#include "testing/services.h"

namespace hitless::service {
namespace {

class DeparturesTest : public ::testing::Test {
 protected:
  DeparturesTest() {
    builder_.applyServices(testing::full({web_, testing::service("other", "10.96.0.2")}));
    builder_.applyEndpointSlices(testing::full({testing::slice("web", {{"10.0.0.1"}})}));
    before_ = builder_.current();
  }
  Changes step(const watch::Update& services) {
    Changes changes = builder_.applyServices(services);
    departures_.update(before_, builder_.current(), changes, now_);
    before_ = builder_.current();
    return changes;
  }
  /// The endpoints that rules for the address lead to; nullopt: it has none.
  std::optional<std::size_t> endpointsAt(const std::string& address) const {
    std::optional<std::size_t> count;
    departures_.overlay(builder_.current())
        .forEach([&](const ServiceName&, const ServiceState& state) {
          if (state.service && state.service->clusterIps.front().text() == address) {
            EXPECT_FALSE(count) << "two have it";
            count = 0;
            for (const auto& [name, slice] : state.slices) {
              *count += slice->endpoints.size();
            }
          }
        });
    return count;
  }
  void wait(nanoseconds time) {
    now_ += time;
    Changes none;
    departures_.update(before_, builder_.current(), none, now_);
  }

  const ServiceName name_{"default", "web"};
  kube::ObjectPtr web_ = testing::service("web", "10.96.0.1");
  SnapshotBuilder builder_;
  Snapshot before_;
  Departures departures_{seconds(1)};
  MonoTime now_{seconds(100)};
};

TEST_F(DeparturesTest, AServiceThatIsGoneKeepsItsRulesForAWhile) {
  const Changes changes = step(testing::erased(web_, 2));
  EXPECT_EQ(changes.services.size(), 2U);  // Itself, and what stands for it.
  EXPECT_EQ(endpointsAt("10.96.0.1"), 1U);
  EXPECT_EQ(departures_.deadline(), now_ + seconds(1));
  wait(seconds(1));
  EXPECT_EQ(endpointsAt("10.96.0.1"), std::nullopt);
  EXPECT_EQ(departures_.deadline(), std::nullopt);
}

TEST_F(DeparturesTest, ItsSlicesMayGoWithIt) {
  step(testing::erased(web_, 2));
  Changes changes =
      builder_.applyEndpointSlices(testing::erased(testing::slice("web", {{"10.0.0.1"}}), 3));
  departures_.update(before_, builder_.current(), changes, now_);
  EXPECT_EQ(endpointsAt("10.96.0.1"), 1U);
}

TEST_F(DeparturesTest, ItsEndpointsAreWhatTheClusterSays) {
  step(testing::erased(web_, 2));
  Changes changes = builder_.applyEndpointSlices(
      testing::upsert(testing::slice("web", {{"10.0.0.1"}, {"10.0.0.2"}}), 3));
  departures_.update(before_, builder_.current(), changes, now_);
  EXPECT_EQ(endpointsAt("10.96.0.1"), 2U);
}

TEST_F(DeparturesTest, AServiceMadeAnewLeavesItsFormerAddress) {
  step(testing::erased(web_, 2));
  step(testing::upsert(testing::service("web", "10.96.0.9"), 3));
  EXPECT_TRUE(endpointsAt("10.96.0.9"));
  EXPECT_EQ(endpointsAt("10.96.0.1"), 1U);
  step(testing::upsert(testing::service("web", "10.96.0.8"), 4));  // In one step.
  EXPECT_TRUE(endpointsAt("10.96.0.9"));
  wait(seconds(1));
  EXPECT_FALSE(endpointsAt("10.96.0.9"));
  EXPECT_TRUE(endpointsAt("10.96.0.8"));
}

TEST_F(DeparturesTest, ItYieldsToWhoeverTakesItsAddress) {
  step(testing::erased(web_, 2));
  const Changes changes = step(testing::upsert(testing::service("new", "10.96.0.1"), 3));
  EXPECT_EQ(changes.services.size(), 2U);
  EXPECT_EQ(endpointsAt("10.96.0.1"), 0U);
  step(testing::erased(testing::service("new", "10.96.0.1"), 4));
  step(testing::upsert(web_, 5));
  EXPECT_EQ(endpointsAt("10.96.0.1"), 1U);
}

TEST_F(DeparturesTest, AListWithoutItIsADepartureToo) {
  step(testing::full({testing::service("other", "10.96.0.2")}, 5));
  EXPECT_TRUE(endpointsAt("10.96.0.1"));
  EXPECT_TRUE(endpointsAt("10.96.0.2"));
}

TEST_F(DeparturesTest, SwitchedOffNothingLingers) {
  departures_ = Departures(nanoseconds{});
  step(testing::erased(web_, 2));
  EXPECT_FALSE(endpointsAt("10.96.0.1"));
}

}  // namespace
}  // namespace hitless::service
