#include "core/service/health_check.h"

#include <gtest/gtest.h>

#include "testing/services.h"

namespace hitless::service {
namespace {

using testing::erased;
using testing::full;
using testing::slice;
using testing::upsert;

using Policy = HealthChecks::Policy;
const ServiceName kWeb{"default", "web"};

kube::ObjectPtr balancer(const std::string& name, int port, const std::string& policy = "Local") {
  kube::json::object object = *testing::service(name, "10.96.0.10");
  auto& spec = object["spec"].as_object();
  spec["type"] = "LoadBalancer";
  spec["externalTrafficPolicy"] = policy;
  spec["healthCheckNodePort"] = port;
  return std::make_shared<const kube::json::object>(object);
}

/// The snapshots and the health checks of node-1.
struct HealthChecksTest : ::testing::Test {
  SnapshotBuilder builder;
  HealthChecks health;
  NodeView node{"node-1", ""};

  void services(const watch::Update& update) {
    health.update(builder.current(), builder.applyServices(update), node);
  }
  void slices(const watch::Update& update) {
    health.update(builder.current(), builder.applyEndpointSlices(update), node);
  }
};

TEST_F(HealthChecksTest, CountsReadyEndpointsOfTheNode) {
  services(full({balancer("web", 31000), testing::service("plain", "10.96.0.11")}));
  slices(full({slice("web", {{"10.0.0.1"},
                             {"10.0.0.2", "node-2"},
                             {"10.0.0.3", "node-1", false, true, true},
                             {"10.0.0.4"}}),
               // The same pods for another port.
               slice("web", {{"10.0.0.1"}}, {{"dns", "UDP", 53}}, 1, "second")}));
  EXPECT_EQ(health.checks(), (HealthChecks::ByService{{kWeb, {31000, 2}}}));
}

TEST_F(HealthChecksTest, FollowsEachChange) {
  services(full({balancer("web", 31000)}));
  slices(full({slice("web", {{"10.0.0.1"}})}));
  slices(upsert(slice("web", {{"10.0.0.1", "node-1", false, true, true}}, {{}}, 5), 5));
  EXPECT_EQ(health.checks().at(kWeb).localEndpoints, 0U);
  slices(upsert(slice("web", {{"10.0.0.9"}}, {{}}, 6), 6));
  EXPECT_EQ(health.checks().at(kWeb).localEndpoints, 1U);
  slices(erased(slice("web", {{"10.0.0.9"}}, {{}}, 7), 7));
  EXPECT_EQ(health.checks().at(kWeb).localEndpoints, 0U);
  services(upsert(balancer("web", 31005), 8));
  EXPECT_EQ(health.checks().at(kWeb).port, 31005);
  services(upsert(balancer("web", 31005, "Cluster"), 9));
  EXPECT_TRUE(health.checks().empty());
  services(upsert(balancer("web", 31005), 10));
  services(erased(balancer("web", 31005), 11));
  EXPECT_TRUE(health.checks().empty());
}

TEST_F(HealthChecksTest, ASliceThatChangesItsServiceCountsForTheNewOne) {
  const ServiceName other{"default", "other"};
  services(full({balancer("web", 31000), balancer("other", 31001)}));
  slices(full({slice("web", {{"10.0.0.1"}})}));
  kube::json::object moved = *slice("web", {{"10.0.0.1"}}, {{}}, 5);
  moved["metadata"].as_object()["labels"].as_object()["kubernetes.io/service-name"] = "other";
  slices(upsert(std::make_shared<const kube::json::object>(moved), 5));
  EXPECT_EQ(health.checks().at(kWeb).localEndpoints, 0U);
  EXPECT_EQ(health.checks().at(other).localEndpoints, 1U);
}

TEST_F(HealthChecksTest, ServicesOfAnotherProxyAreNoneOfOurs) {
  kube::json::object object = *balancer("web", 31000);
  object["metadata"].as_object()["labels"].as_object()[kProxyNameLabel] = "other";
  services(full({std::make_shared<const kube::json::object>(object)}));
  EXPECT_TRUE(health.checks().empty());
}

TEST_F(HealthChecksTest, CountsPortsWithEndpointsButNoneHere) {
  services(
      full({balancer("web", 31000),
            testing::service("near", "10.96.0.12", {{}}, R"("internalTrafficPolicy":"Local")"),
            testing::service("empty", "10.96.0.13", {{}}, R"("internalTrafficPolicy":"Local")")}));
  slices(full({slice("web", {{"10.0.0.2", "node-2"}}), slice("near", {{"10.0.0.3", "node-2"}})}));
  EXPECT_EQ(health.noLocalEndpoints(Policy::kExternal, IpFamily::kV4), 1U);
  EXPECT_EQ(health.noLocalEndpoints(Policy::kInternal, IpFamily::kV4), 1U)
      << "empty has none at all";
  EXPECT_EQ(health.noLocalEndpoints(Policy::kInternal, IpFamily::kV6), 0U);
  slices(upsert(slice("near", {{"10.0.0.3", "node-2"}, {"10.0.0.4"}}, {{}}, 5), 5));
  EXPECT_EQ(health.noLocalEndpoints(Policy::kInternal, IpFamily::kV4), 0U);
  node.name = "node-2";
  slices({watch::Update::Kind::kIncremental, {}, 6});
  EXPECT_EQ(health.noLocalEndpoints(Policy::kExternal, IpFamily::kV4), 0U);
}

}  // namespace
}  // namespace hitless::service
