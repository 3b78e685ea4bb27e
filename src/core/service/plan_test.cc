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
  result.service = std::make_shared<const kube::Service>(kube::serviceOf(*service));
  for (const auto& object : slices) {
    auto slice = std::make_shared<const kube::EndpointSlice>(kube::endpointSliceOf(*object));
    result.slices.emplace(slice->meta.name, slice);
  }
  return result;
}

/// The endpoint hosts' last numbers, "3 4".
std::string hosts(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) {
    text += (text.empty() ? "" : " ") + std::to_string(target.ip.v4HostOrder() & 0xff);
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
    ASSERT_EQ(planned.ports.size(), 1U);
    EXPECT_EQ(planned.ports[0].outcome, c.outcome);
    EXPECT_EQ(planned.ports[0].reason, c.reason);
    EXPECT_EQ(hosts(planned.ports[0].endpoints), c.hosts);
    EXPECT_EQ(hosts(planned.ports[0].serving), c.serving);
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
  ASSERT_EQ(planned.ports.size(), 2U);
  EXPECT_EQ(explain(planned),
            "10.96.0.10:80/TCP -> 10.0.0.1:8080, 10.0.0.2:9090: ready endpoints\n"
            "10.96.0.10:53/UDP -> 10.0.0.2:5353: ready endpoints\n");
}

TEST(ServicePlan, KnowsWhichEndpointsAreHere) {
  const auto planned =
      planFor(state(testing::service("web", "10.96.0.10"),
                    {testing::slice("web", {{"10.0.0.1"}, {"10.0.0.2", "node-2"}})}),
              kNode);
  EXPECT_EQ(planned.ports[0].localHosts, std::vector{*IpAddress::parse("10.0.0.1")});
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

}  // namespace
}  // namespace hitless::service
