#include <gtest/gtest.h>

#include "core/policy/evaluate_fixture.h"

/// One case for each thing that Kubernetes says of NetworkPolicies, and for each that
/// implementations were seen to get wrong.
namespace hitless::policy {
namespace {

constexpr Protocol kUdp = Protocol::kUdp;

/// Pods a, b, c of namespace x and d of namespace y, labelled pod=NAME; x has team=one, y team=two.
Cluster fourPods() {
  Cluster cluster;
  cluster.ns("x", {{"team", "one"}}).ns("y", {{"team", "two"}});
  cluster.pod("x/a", "10.0.1.1", {{"pod", "a"}});
  cluster.pod("x/b", "10.0.1.2", {{"pod", "b"}});
  cluster.pod("x/c", "10.0.1.3", {{"pod", "c"}});
  cluster.pod("y/d", "10.0.2.1", {{"pod", "d"}});
  return cluster;
}

TEST(PolicyEvaluator, WithoutPoliciesEverythingIsAllowed) {
  const Verdict verdict = fourPods().verdict("x/a", "y/d", 80);
  EXPECT_TRUE(verdict.allowed());
  EXPECT_EQ(verdict.egress.reason, Reason::kNotIsolated);
  EXPECT_EQ(verdict.ingress.reason, Reason::kNotIsolated);
}

TEST(PolicyEvaluator, IsolatesThePodsItSelectsInItsNamespaceAndDirection) {
  Cluster cluster = fourPods();
  cluster.policy("x/p", "{podSelector: {matchLabels: {pod: a}}}");
  EXPECT_FALSE(cluster.allows("x/b", "x/a"));
  EXPECT_FALSE(cluster.allows("y/d", "x/a"));
  EXPECT_TRUE(cluster.allows("x/a", "x/b"));  // Egress is open.
  EXPECT_TRUE(cluster.allows("x/c", "x/b"));  // Another pod.
  EXPECT_TRUE(cluster.allows("x/a", "y/d"));  // Another namespace.
}

TEST(PolicyEvaluator, APodMustBeLetOutAndIn) {
  Cluster cluster = fourPods();
  cluster.policy("x/out", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}");
  cluster.policy("y/in", "{podSelector: {}}");
  const Verdict verdict = cluster.verdict("x/a", "y/d", 80);
  EXPECT_EQ(verdict.egress.reason, Reason::kRule);
  EXPECT_EQ(verdict.ingress.reason, Reason::kNoRule);
  EXPECT_FALSE(verdict.allowed());
}

TEST(PolicyEvaluator, ARuleOfOneDirectionNeverCountsForTheOther) {
  Cluster in = fourPods();
  in.policy("x/p", "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}]}");
  EXPECT_EQ(in.verdict("x/a", "x/b", 80).egress.reason, Reason::kNoRule);
  EXPECT_EQ(in.verdict("x/a", "x/b", 80).ingress.reason, Reason::kRule);
  EXPECT_FALSE(in.allows("x/a", "x/b"));
  EXPECT_TRUE(in.allows("y/d", "x/b"));

  Cluster out = fourPods();
  out.policy("x/p", "{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}");
  EXPECT_FALSE(out.allows("x/a", "x/b"));
  EXPECT_TRUE(out.allows("x/a", "y/d"));
  EXPECT_FALSE(out.allows("y/d", "x/b"));
}

TEST(PolicyEvaluator, WithinOnePolicyOfBothTypesEachPairNeedsBothRules) {
  Cluster cluster = fourPods();
  cluster.policy("x/p", R"(
      podSelector: {matchExpressions: [{key: pod, operator: In, values: [a, b, c]}]}
      policyTypes: [Ingress, Egress]
      ingress: [{from: [{podSelector: {matchLabels: {pod: a}}}]}]
      egress: [{to: [{podSelector: {matchLabels: {pod: b}}}]}])");
  EXPECT_TRUE(cluster.allows("x/a", "x/b"));   // Out to b, in from a.
  EXPECT_FALSE(cluster.allows("x/a", "x/c"));  // In from a, but not out to c.
  EXPECT_FALSE(cluster.allows("x/c", "x/b"));  // Out to b, but not in from c.
  EXPECT_FALSE(cluster.allows("x/b", "x/a"));
}

TEST(PolicyEvaluator, RulesOfAllPoliciesAddUp) {
  Cluster cluster = fourPods();
  cluster.policy("x/deny", "{podSelector: {}}");
  cluster.policy("x/b-to-a", R"(
      podSelector: {matchLabels: {pod: a}}
      ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}], ports: [{port: 80}]}])");
  cluster.policy("x/c-to-a", R"(
      podSelector: {matchLabels: {pod: a}}
      ingress: [{from: [{podSelector: {matchLabels: {pod: c}}}], ports: [{port: 81}]}])");
  EXPECT_TRUE(cluster.allows("x/b", "x/a", 80));
  EXPECT_FALSE(cluster.allows("x/b", "x/a", 81));  // A peer of one, a port of another.
  EXPECT_TRUE(cluster.allows("x/c", "x/a", 81));
  EXPECT_FALSE(cluster.allows("x/c", "x/b", 81));
}

TEST(PolicyEvaluator, EmptyListsOfRulesDenyAndEmptyListsInARuleAllow) {
  for (const char* nothing : {"{podSelector: {}}", "{podSelector: {}, ingress: []}",
                              "{podSelector: {}, ingress: null, policyTypes: []}"}) {
    EXPECT_FALSE(fourPods().policy("x/p", nothing).allows("y/d", "x/a")) << nothing;
  }
  for (const char* all :
       {"{podSelector: {}, ingress: [{}]}", "{podSelector: {}, ingress: [{from: [], ports: []}]}",
        "{podSelector: {}, ingress: [{from: null, ports: null}]}"}) {
    Cluster cluster = fourPods();
    cluster.policy("x/p", all);
    EXPECT_TRUE(cluster.allows("y/d", "x/a")) << all;
    EXPECT_TRUE(cluster.allows("203.0.113.9", "x/a", 53, kUdp)) << all;
  }
}

TEST(PolicyEvaluator, EgressIsAskedForByTypeOrByARule) {
  EXPECT_TRUE(fourPods().policy("x/p", "{podSelector: {}, egress: []}").allows("x/a", "y/d"));
  EXPECT_FALSE(
      fourPods().policy("x/p", "{podSelector: {}, policyTypes: [Egress]}").allows("x/a", "y/d"));
  const std::string toB = "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.9.0/24}}]}]}";
  EXPECT_FALSE(fourPods().policy("x/p", toB).allows("x/a", "y/d"));
  EXPECT_FALSE(fourPods().policy("x/p", toB).allows("y/d", "x/a"));  // And ingress goes with it.
}

TEST(PolicyEvaluator, SelectorsOfOneElementAreAndedThoseOfTwoOred) {
  const auto from = [](const std::string& peers) {
    return fourPods().policy(
        "x/p", "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: " + peers + "}]}");
  };
  const Cluster both = from(
      "[{namespaceSelector: {matchLabels: {team: two}}, podSelector: {matchLabels: {pod: b}}}]");
  EXPECT_FALSE(both.allows("x/b", "x/a"));
  EXPECT_FALSE(both.allows("y/d", "x/a"));
  const Cluster either = from(
      "[{namespaceSelector: {matchLabels: {team: two}}}, {podSelector: {matchLabels: {pod: b}}}]");
  EXPECT_TRUE(either.allows("x/b", "x/a"));
  EXPECT_TRUE(either.allows("y/d", "x/a"));
  EXPECT_FALSE(either.allows("x/c", "x/a"));
  EXPECT_FALSE(from("[{podSelector: {}}]").allows("y/d", "x/a"));  // Only the own namespace.
  EXPECT_TRUE(from("[{namespaceSelector: {}}]").allows("y/d", "x/a"));
  EXPECT_FALSE(from("[{namespaceSelector: {}}]").allows("203.0.113.9", "x/a"));  // Pods only.
}

TEST(PolicyEvaluator, NegativeExpressionsMatchWhereTheLabelIsMissing) {
  Cluster cluster = fourPods();
  cluster.pod("x/bare", "10.0.1.9");
  cluster.policy("x/p", R"(
      podSelector: {matchLabels: {pod: a}}
      ingress:
      - from: [{podSelector: {matchExpressions: [{key: pod, operator: NotIn, values: [b]}]}}]
        ports: [{port: 80}]
      - from: [{podSelector: {matchExpressions: [{key: pod, operator: DoesNotExist}]}}]
        ports: [{port: 81}]
      - from: [{podSelector: {matchExpressions: [{key: pod, operator: Exists}]}}]
        ports: [{port: 82}])");
  EXPECT_TRUE(cluster.allows("x/bare", "x/a", 80));
  EXPECT_TRUE(cluster.allows("x/c", "x/a", 80));
  EXPECT_FALSE(cluster.allows("x/b", "x/a", 80));
  EXPECT_TRUE(cluster.allows("x/bare", "x/a", 81));
  EXPECT_FALSE(cluster.allows("x/b", "x/a", 81));
  EXPECT_FALSE(cluster.allows("x/bare", "x/a", 82));
}

TEST(PolicyEvaluator, NamespacesAreKnownByTheirNameWhateverTheirLabels) {
  Cluster cluster = fourPods();
  cluster.pod("z/e", "10.0.3.1");  // Nobody told of namespace z.
  cluster.policy("x/p", R"(
      podSelector: {}
      ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}}]}])");
  EXPECT_TRUE(cluster.allows("z/e", "x/a"));
  EXPECT_FALSE(cluster.allows("y/d", "x/a"));
  cluster.ns("y", {{"kubernetes.io/metadata.name", "z"}});  // A name is not for the taking.
  EXPECT_FALSE(cluster.allows("y/d", "x/a"));
}

TEST(PolicyEvaluator, NewLabelsOfNamespacesAndPodsCountAtOnce) {
  Cluster cluster = fourPods();
  cluster.policy("x/p", R"(
      podSelector: {matchLabels: {pod: a}}
      ingress: [{from: [{namespaceSelector: {matchLabels: {team: two}}}]}])");
  EXPECT_TRUE(cluster.allows("y/d", "x/a"));
  EXPECT_FALSE(cluster.allows("x/b", "x/a"));
  cluster.ns("y", {{"team", "three"}}).ns("x", {{"team", "two"}});
  EXPECT_FALSE(cluster.allows("y/d", "x/a"));
  EXPECT_TRUE(cluster.allows("x/b", "x/a"));
  cluster.ns("x", {});
  EXPECT_FALSE(cluster.allows("x/b", "x/a"));
  cluster.state().pods[0].labels = {{"pod", "other"}};
  EXPECT_TRUE(cluster.allows("x/b", "x/a"));
}

TEST(PolicyEvaluator, PodsThatDifferOnlyInLabelsNobodyAsksAboutAreTheSame) {
  Cluster cluster = fourPods();
  cluster.state().pods[1].labels["run"] = "1";
  cluster.state().pods[2].labels = {{"pod", "b"}, {"run", "2"}};
  cluster.policy("x/p", "{podSelector: {matchLabels: {pod: b}}}");
  EXPECT_FALSE(cluster.allows("x/a", "x/b"));
  EXPECT_FALSE(cluster.allows("x/a", "x/c"));
}

}  // namespace
}  // namespace hitless::policy
