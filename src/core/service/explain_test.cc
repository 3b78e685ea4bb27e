#include "core/service/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/services.h"

namespace hitless::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const NodeView kNode{"node-1", ""};
const ServiceName kWeb{"default", "web"};

/// `web` at 10.96.0.10, 192.0.2.1 (a load balancer with source ranges) and node port 30080, policy
/// Local outside, with one endpoint here and one on node-2.
ServiceState web() {
  SnapshotBuilder builder;
  builder.applyServices(testing::full({testing::loadBalancer(
      "web", "10.96.0.10", R"([{"ip":"192.0.2.1"}])", {{"http", "TCP", 80, 30080}},
      R"("externalTrafficPolicy":"Local","loadBalancerSourceRanges":["203.0.113.0/24"])")}));
  builder.applyEndpointSlices(
      testing::full({testing::slice("web", {{"10.244.1.5", "node-1", false, true, true},
                                            {"10.244.2.5", "node-2"},
                                            {"10.244.2.6", "node-2", false, false, false}})}));
  return *builder.current().find(kWeb);
}

std::string textFrom(const Source& source, const std::string& port = {}) {
  return textOf(kWeb, kNode, source, explain(web(), kNode, source, port));
}

TEST(ExplainService, GivesAReasonForEveryEndpoint) {
  const std::string text = textFrom({Origin::kPod, {}});
  EXPECT_THAT(text, HasSubstr("10.96.0.10:80/TCP (cluster IP), traffic policy Cluster: forwarded, "
                              "ready endpoints\n"));
  EXPECT_THAT(text, HasSubstr("- 10.244.1.5:8080 on node-1 (serving, not ready, terminating): "
                              "terminating, and others are ready"));
  EXPECT_THAT(text, HasSubstr("+ 10.244.2.5:8080 on node-2 (ready): used"));
  EXPECT_THAT(text,
              HasSubstr("- 10.244.2.6:8080 on node-2 (not ready): neither ready nor serving"));
}

TEST(ExplainService, OutsideSeesPolicyLocalAndInsideSeesCluster) {
  const std::string outside = textFrom({Origin::kExternal, IpAddress::parse("203.0.113.9")});
  EXPECT_THAT(outside, HasSubstr("192.0.2.1:80/TCP (load balancer IP), traffic policy Local: "
                                 "forwarded, no ready endpoint; using endpoints that terminate"));
  EXPECT_THAT(outside, HasSubstr("not on this node, and the traffic policy is Local"));
  EXPECT_THAT(textFrom({Origin::kPod, {}}),
              HasSubstr("192.0.2.1:80/TCP (load balancer IP), traffic policy Cluster: forwarded"));
}

TEST(ExplainService, SaysWhoIsNotAmongTheSourceRanges) {
  const std::string text = textFrom({Origin::kExternal, IpAddress::parse("198.51.100.1")});
  EXPECT_THAT(text, HasSubstr("192.0.2.1:80/TCP (load balancer IP), traffic policy Local: dropped, "
                              "198.51.100.1 is not in loadBalancerSourceRanges"));
  // Node ports are not subject to them.
  EXPECT_THAT(text, HasSubstr("node port 30080/TCP (node port), traffic policy Local: forwarded"));
}

TEST(ExplainService, PicksAPortByNameOrNumber) {
  EXPECT_THAT(textFrom({}, "http"), HasSubstr("10.96.0.10:80/TCP"));
  EXPECT_THAT(textFrom({}, "80"), HasSubstr("10.96.0.10:80/TCP"));
  EXPECT_TRUE(explain(web(), kNode, {}, "dns").addresses.empty());
}

TEST(ExplainService, SaysWhyAServiceHasNoRules) {
  SnapshotBuilder builder;
  builder.applyServices(testing::full({testing::service("web", "None")}));
  const auto explanation = explain(*builder.current().find(kWeb), kNode, {}, {});
  EXPECT_EQ(explanation.skipped, Reason::kHeadless);
  EXPECT_THAT(textOf(kWeb, kNode, {}, explanation),
              HasSubstr("no rules: headless: clients connect to the pods themselves"));
}

TEST(ExplainService, JsonHasTheSame) {
  const Source source{Origin::kPod, {}};
  const auto json = jsonOf(kWeb, kNode, source, explain(web(), kNode, source, {}));
  const auto& first = json.at("addresses").as_array().at(0).as_object();
  EXPECT_EQ(first.at("outcome"), "forwarded");
  EXPECT_EQ(first.at("endpoints").as_array().size(), 3U);
  EXPECT_THAT(kube::json::serialize(json), Not(HasSubstr("skipped")));
}

}  // namespace
}  // namespace hitless::service
