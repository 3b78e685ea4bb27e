#include "core/service/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/services.h"

namespace hitless::service {
namespace {

using testing::EndpointSpec;
using ::testing::HasSubstr;

const NodeView kNode{"node-1", ""};

ServiceState state(const kube::ObjectPtr& service, std::vector<kube::ObjectPtr> slices) {
  ServiceState result;
  NodeNames names;
  result.service = std::make_shared<const Service>(serviceFrom(kube::serviceOf(*service)));
  for (const auto& object : slices) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(*object);
    result.slices.emplace(slice.meta.name, std::make_shared<const Slice>(sliceFrom(slice, names)));
  }
  return result;
}

/// The endpoint hosts' last numbers, "3 4".
std::string hosts(const std::vector<Target>& list) {
  std::string text;
  for (const Target& target : list) {
    text += (text.empty() ? "" : " ") + std::to_string(target.ip.v4HostOrder() & 0xff);
  }
  return text;
}

const PlannedPort& onlyPort(const PlannedService& planned) {
  EXPECT_EQ(planned.families.size(), 1U);
  EXPECT_EQ(planned.families.at(0).ports.size(), 1U);
  return planned.families.at(0).ports.at(0);
}

std::string targets(const Route& route) {
  std::string text;
  for (const Target& target : route.endpoints) {
    text += (text.empty() ? "" : " ") + target.text();
  }
  return text;
}

struct EndpointCase {
  std::string_view name;
  std::vector<EndpointSpec> endpoints;  // ip, node, ready, serving, terminating
  bool local;
  Outcome outcome;
  Reason reason;
  std::string_view hosts;
  std::string_view serving;
};

const std::vector<EndpointCase> kCases = {
    {"ready ones",
     {{"10.0.0.1"}, {"10.0.0.2", "node-2"}},
     false,
     Outcome::kForward,
     Reason::kReadyEndpoints,
     "1 2",
     "1 2"},
    {"a terminating one is left out while one is ready",
     {{"10.0.0.1"}, {"10.0.0.2", "node-1", false, true, true}},
     false,
     Outcome::kForward,
     Reason::kReadyEndpoints,
     "1",
     "1 2"},
    {"all terminating: those that serve",
     {{"10.0.0.1", "node-1", false, true, true}, {"10.0.0.2", "node-1", false, false, true}},
     false,
     Outcome::kForward,
     Reason::kTerminatingEndpoints,
     "1",
     "1"},
    {"none serves",
     {{"10.0.0.1", "node-1", false, false, false}},
     false,
     Outcome::kReject,
     Reason::kNoEndpoints,
     "",
     ""},
    {"none at all", {}, false, Outcome::kReject, Reason::kNoEndpoints, "", ""},
    {"Local takes this node's",
     {{"10.0.0.1"}, {"10.0.0.2", "node-2"}},
     true,
     Outcome::kForward,
     Reason::kReadyEndpoints,
     "1",
     "1 2"},
    {"Local without one here",
     {{"10.0.0.2", "node-2"}},
     true,
     Outcome::kDrop,
     Reason::kNoLocalEndpoints,
     "",
     "2"},
    {"Local without one anywhere", {}, true, Outcome::kReject, Reason::kNoEndpoints, "", ""},
    {"Local falls back to terminating here",
     {{"10.0.0.1", "node-1", false, true, true}, {"10.0.0.2", "node-2"}},
     true,
     Outcome::kForward,
     Reason::kTerminatingEndpoints,
     "1",
     "1 2"},
    {"the same endpoint twice",
     {{"10.0.0.1"}, {"10.0.0.1"}},
     false,
     Outcome::kForward,
     Reason::kReadyEndpoints,
     "1",
     "1"},
};

TEST(ServicePlan, ChoosesEndpoints) {
  for (const EndpointCase& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto service = testing::service("web", "10.96.0.10", {{}},
                                          c.local ? R"("internalTrafficPolicy":"Local")" : "");
    const auto planned = planFor(state(service, {testing::slice("web", c.endpoints)}), kNode);
    const PlannedPort& port = onlyPort(planned);
    const Route& route = port.route(planned.internal);
    EXPECT_EQ(route.outcome, c.outcome);
    EXPECT_EQ(route.reason, c.reason);
    EXPECT_EQ(hosts(route.endpoints), c.hosts);
    EXPECT_EQ(hosts(port.serving), c.serving);
  }
}

TEST(ServicePlan, MergesSlicesAndMatchesPortsByName) {
  const auto service =
      testing::service("web", "10.96.0.10", {{"http", "TCP", 80}, {"dns", "UDP", 53}});
  const auto planned = planFor(
      state(service, {testing::slice("web", {{"10.0.0.1"}}, {{"http", "TCP", 8080}}, 1, "one"),
                      testing::slice("web", {{"10.0.0.2"}},
                                     {{"http", "TCP", 9090}, {"dns", "UDP", 5353}}, 1, "two")}),
      kNode);
  ASSERT_EQ(planned.families.at(0).ports.size(), 2U);
  EXPECT_EQ(targets(planned.families[0].ports[0].cluster), "10.0.0.1:8080 10.0.0.2:9090");
  EXPECT_EQ(targets(planned.families[0].ports[1].cluster), "10.0.0.2:5353");
}

TEST(ServicePlan, KnowsWhichEndpointsAreHere) {
  const auto planned =
      planFor(state(testing::service("web", "10.96.0.10"),
                    {testing::slice("web", {{"10.0.0.1"}, {"10.0.0.2", "node-2"}})}),
              kNode);
  EXPECT_EQ(onlyPort(planned).localHosts, std::vector{*IpAddress::parse("10.0.0.1")});
}

TEST(ServicePlan, SkipsWhatIsNotItsBusiness) {
  const auto slices = std::vector{testing::slice("web", {{"10.0.0.1"}})};
  EXPECT_EQ(planFor(state(testing::service("web", "None"), slices), kNode).skipped,
            Reason::kHeadless);
  EXPECT_EQ(planFor(state(testing::service("web", ""), slices), kNode).skipped,
            Reason::kNoClusterIp);
  EXPECT_EQ(planFor(state(testing::service("web", "10.96.0.10", {{}}, R"("type":"ExternalName")"),
                          slices),
                    kNode)
                .skipped,
            Reason::kExternalName);
  const auto labelled = testing::service("web", "10.96.0.10", {{}}, "",
                                         R"("service.kubernetes.io/service-proxy-name":"x")");
  EXPECT_EQ(planFor(state(labelled, slices), kNode).skipped, Reason::kOtherProxy);
  EXPECT_FALSE(planFor(state(labelled, slices), {"node-1", "x"}).skipped);
  EXPECT_EQ(planFor(ServiceState{}, kNode).skipped, Reason::kNoClusterIp);
}

TEST(ServicePlan, NotesSessionAffinity) {
  const auto service =
      testing::service("web", "10.96.0.10", {{}}, R"("sessionAffinity":"ClientIP")");
  EXPECT_EQ(planFor(state(service, {}), kNode).affinityTimeout, 10800);
}

TEST(ServicePlan, FamiliesAreIndependent) {
  const auto planned = planFor(state(testing::service("web", "10.96.0.10,fd00:96::10"),
                                     {testing::slice("web", {{"10.0.0.1"}})}),
                               kNode);
  ASSERT_EQ(planned.families.size(), 2U);
  EXPECT_EQ(planned.families[0].ports[0].cluster.outcome, Outcome::kForward);
  EXPECT_EQ(planned.families[1].ports[0].cluster.outcome, Outcome::kReject);
}

TEST(ServicePlan, LoadBalancerIpsCountUnlessTheirModeIsProxy) {
  const auto planned =
      planFor(state(testing::loadBalancer("web", "10.96.0.10",
                                          R"([{"ip":"192.0.2.1"},{"ip":"192.0.2.2","ipMode":"VIP"},
                    {"ip":"192.0.2.3","ipMode":"Proxy"},{"hostname":"lb.example"},
                    {"ip":"2001:db8::1"}])",
                                          {{}},
                                          R"("externalIPs":["198.51.100.7"],
                   "loadBalancerSourceRanges":[" 203.0.113.0/24 ","2001:db8::/32"])"),
                    {}),
              kNode);
  const PlannedFamily& family = planned.families.at(0);
  EXPECT_EQ(hosts({{family.balancerIps.at(0), 0}, {family.balancerIps.at(1), 0}}), "1 2");
  EXPECT_EQ(family.balancerIps.size(), 2U);
  EXPECT_EQ(family.externalIps.size(), 3U);
  ASSERT_EQ(family.sourceRanges.size(), 1U);
  EXPECT_EQ(family.sourceRanges[0].text(), "203.0.113.0/24");
}

TEST(ServicePlan, FallsBackToTerminatingSeparatelyForClusterAndLocal) {
  const auto planned = planFor(
      state(testing::service("web", "10.96.0.10", {{}}, R"("externalTrafficPolicy":"Local")"),
            {testing::slice("web",
                            {{"10.0.0.1", "node-1", false, true, true}, {"10.0.0.2", "node-2"}})}),
      kNode);
  const PlannedPort& port = onlyPort(planned);
  EXPECT_EQ(hosts(port.cluster.endpoints), "2");
  EXPECT_EQ(port.cluster.reason, Reason::kReadyEndpoints);
  EXPECT_EQ(hosts(port.local.endpoints), "1");
  EXPECT_EQ(port.local.reason, Reason::kTerminatingEndpoints);
}

struct HintCase {
  std::string_view name;
  std::vector<EndpointSpec> endpoints;
  Reason reason;
  std::string_view hosts;
};

EndpointSpec hinted(const std::string& ip, const std::string& hints, bool ready = true) {
  return {ip, "node-2", ready, true, !ready, hints};
}
const std::string kNode1 = R"("forNodes":[{"name":"node-1"}])";
const std::string kNode2 = R"("forNodes":[{"name":"node-2"}])";
const std::string kZoneA = R"("forZones":[{"name":"a"}])";
const std::string kZoneB = R"("forZones":[{"name":"b"}])";

const std::vector<HintCase> kHintCases = {
    {"the node's own first",
     {hinted("10.0.0.1", kNode1 + "," + kZoneA), hinted("10.0.0.2", kNode2 + "," + kZoneA)},
     Reason::kSameNode,
     "1"},
    {"the zone's if none is for the node",
     {hinted("10.0.0.1", kNode2 + "," + kZoneA), hinted("10.0.0.2", kNode2 + "," + kZoneB)},
     Reason::kSameZone,
     "1"},
    {"one missing hint disables the level",
     {hinted("10.0.0.1", kZoneA), hinted("10.0.0.2", "")},
     Reason::kReadyEndpoints,
     "1 2"},
    {"no endpoint for our zone: all",
     {hinted("10.0.0.1", kZoneB), hinted("10.0.0.2", kZoneB)},
     Reason::kReadyEndpoints,
     "1 2"},
    {"hints of endpoints that are not ready do not count",
     {hinted("10.0.0.1", kZoneA), hinted("10.0.0.2", "", false)},
     Reason::kSameZone,
     "1"},
    {"the fallback to terminating ones has no topology",
     {hinted("10.0.0.1", kZoneA, false), hinted("10.0.0.2", kZoneB, false)},
     Reason::kTerminatingEndpoints,
     "1 2"},
};

TEST(ServicePlan, FollowsTopologyHints) {
  for (const HintCase& c : kHintCases) {
    SCOPED_TRACE(c.name);
    const auto planned =
        planFor(state(testing::service("web", "10.96.0.10"), {testing::slice("web", c.endpoints)}),
                {"node-1", "", "a", {}});
    EXPECT_EQ(onlyPort(planned).cluster.reason, c.reason);
    EXPECT_EQ(hosts(onlyPort(planned).cluster.endpoints), c.hosts);
  }
}

}  // namespace
}  // namespace hitless::service
