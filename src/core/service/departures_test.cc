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
  bool hasRules(const std::string& name) const {
    const Snapshot seen = departures_.overlay(builder_.current());
    const ServiceState* state = seen.find({"default", name});
    return state != nullptr && state->service != nullptr;
  }

  const ServiceName name_{"default", "web"};
  kube::ObjectPtr web_ = testing::service("web", "10.96.0.1");
  SnapshotBuilder builder_;
  Snapshot before_;
  Departures departures_{seconds(1)};
  MonoTime now_{seconds(100)};
};

TEST_F(DeparturesTest, AServiceThatIsGoneKeepsItsRulesForAWhile) {
  step(testing::erased(web_, 2));
  EXPECT_TRUE(hasRules("web"));
  EXPECT_EQ(departures_.deadline(), now_ + seconds(1));
  now_ += seconds(1);
  Changes changes;
  departures_.update(before_, builder_.current(), changes, now_);
  EXPECT_TRUE(changes.services.contains(name_));
  EXPECT_FALSE(hasRules("web"));
  EXPECT_EQ(departures_.deadline(), std::nullopt);
}

TEST_F(DeparturesTest, OneThatComesBackIsItself) {
  step(testing::erased(web_, 2));
  step(testing::upsert(testing::service("web", "10.96.0.9"), 3));
  const Snapshot seen = departures_.overlay(builder_.current());
  EXPECT_EQ(seen.find(name_)->service->clusterIps.front().text(), "10.96.0.9");
  EXPECT_EQ(departures_.deadline(), std::nullopt);
}

TEST_F(DeparturesTest, ItYieldsToWhoeverTakesItsAddress) {
  step(testing::erased(web_, 2));
  const Changes changes = step(testing::upsert(testing::service("new", "10.96.0.1"), 3));
  EXPECT_TRUE(changes.services.contains(name_));
  EXPECT_FALSE(hasRules("web"));
  EXPECT_TRUE(hasRules("new"));
}

TEST_F(DeparturesTest, AListWithoutItIsADepartureToo) {
  step(testing::full({testing::service("other", "10.96.0.2")}, 5));
  EXPECT_TRUE(hasRules("web"));
  EXPECT_TRUE(hasRules("other"));
}

TEST_F(DeparturesTest, SwitchedOffNothingLingers) {
  departures_ = Departures(nanoseconds{});
  step(testing::erased(web_, 2));
  EXPECT_FALSE(hasRules("web"));
}

}  // namespace
}  // namespace hitless::service
