#include <gtest/gtest.h>

#include "core/policy/evaluate_fixture.h"

/// Verdicts that depend on whose address it is: blocks, nodes, pods that go, both families.
namespace hitless::policy {
namespace {

Cluster onePod(const std::string& spec = {}) {
  Cluster cluster;
  cluster.node("n1", "192.0.2.1").node("n2", "192.0.2.2");
  cluster.pod("x/a", "10.0.1.1", {{"pod", "a"}}).node = "n1";
  if (!spec.empty()) {
    cluster.policy("x/p", spec);
  }
  return cluster;
}

std::string fromBlocks(const std::string& blocks) {
  return "{podSelector: {matchLabels: {pod: a}}, ingress: [{from: " + blocks + "}]}";
}

TEST(PolicyAddresses, ABlockIsItsNetworkLessTheExceptions) {
  const Cluster cluster = onePod(
      fromBlocks("[{ipBlock: {cidr: 203.0.113.7/24, except: [203.0.113.64/26, 203.0.113.1/32]}}]"));
  EXPECT_TRUE(cluster.allows("203.0.113.2", "x/a"));
  EXPECT_TRUE(cluster.allows("203.0.113.63", "x/a"));
  EXPECT_FALSE(cluster.allows("203.0.113.64", "x/a"));
  EXPECT_FALSE(cluster.allows("203.0.113.127", "x/a"));
  EXPECT_TRUE(cluster.allows("203.0.113.128", "x/a"));
  EXPECT_FALSE(cluster.allows("203.0.113.1", "x/a"));
  EXPECT_FALSE(cluster.allows("203.0.112.2", "x/a"));
}

TEST(PolicyAddresses, WhatOneBlockLeavesOutAnotherMayHold) {
  const Cluster cluster =
      onePod(fromBlocks("[{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}},"
                        " {ipBlock: {cidr: 203.0.113.100/32}}]"));
  EXPECT_TRUE(cluster.allows("203.0.113.100", "x/a"));
  EXPECT_FALSE(cluster.allows("203.0.113.101", "x/a"));
}

TEST(PolicyAddresses, PodsAreInBlocksToo) {
  Cluster cluster = onePod(fromBlocks("[{ipBlock: {cidr: 10.0.2.0/24}}]"));
  cluster.pod("y/in", "10.0.2.9");
  cluster.pod("y/out", "10.0.3.9");
  cluster.pod("y/unknown", "");
  EXPECT_TRUE(cluster.allows("y/in", "x/a"));
  EXPECT_FALSE(cluster.allows("y/out", "x/a"));
  EXPECT_FALSE(cluster.allows("y/unknown", "x/a"));  // Nobody knows its address yet.
}

TEST(PolicyAddresses, TheWholeOfOneFamilyIsNothingOfTheOther) {
  Cluster cluster = onePod(fromBlocks("[{ipBlock: {cidr: 0.0.0.0/0}}]"));
  cluster.pod("x/six", "fd00::1", {{"pod", "a"}});
  EXPECT_TRUE(cluster.allows("203.0.113.2", "x/a"));
  EXPECT_FALSE(cluster.allows("2001:db8::1", "x/six"));
  const Cluster all = onePod(fromBlocks("[{ipBlock: {cidr: \"::/0\", except: [\"fe80::/10\"]}}]"));
  EXPECT_TRUE(all.allows("64:ff9b::1", "x/a"));
  EXPECT_FALSE(all.allows("fe80::1", "x/a"));
  EXPECT_FALSE(all.allows("203.0.113.2", "x/a"));
}

TEST(PolicyAddresses, APodOfBothFamiliesIsJudgedByTheAddressUsed) {
  Cluster cluster =
      onePod(fromBlocks("[{ipBlock: {cidr: fd00:2::/64}}, {ipBlock: {cidr: 10.9.0.0/16}}]"));
  cluster.state().pods[0].ips.push_back(IpAddress::parse("fd00:1::1").value());
  cluster.pod("y/dual", "10.0.2.9 fd00:2::9");
  EXPECT_FALSE(cluster.allows("10.0.2.9", "10.0.1.1"));
  EXPECT_TRUE(cluster.allows("fd00:2::9", "fd00:1::1"));
}

TEST(PolicyAddresses, SelectorsFindPodsByEitherAddress) {
  Cluster cluster = onePod("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}");
  cluster.pod("y/dual", "10.0.2.9 fd00:2::9");
  EXPECT_TRUE(cluster.allows("10.0.2.9", "x/a"));
  EXPECT_TRUE(cluster.allows("fd00:2::9", "x/a"));
  EXPECT_FALSE(cluster.allows("fd00:2::8", "x/a"));
}

TEST(PolicyAddresses, OutsideIsNeverIsolatedItself) {
  const Cluster cluster = onePod(
      "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
      "203.0.113.0/24}}]}]}");
  const Verdict verdict = cluster.verdict("x/a", "203.0.113.2", 443);
  EXPECT_EQ(verdict.egress.reason, Reason::kRule);
  EXPECT_EQ(verdict.ingress.reason, Reason::kNoPod);
  EXPECT_FALSE(cluster.allows("x/a", "198.51.100.1"));
  EXPECT_TRUE(cluster.allows("198.51.100.1", "203.0.113.2"));
}

TEST(PolicyAddresses, APodIsNeverKeptFromItself) {
  const Cluster cluster = onePod("{podSelector: {}, policyTypes: [Ingress, Egress]}");
  const Verdict verdict = cluster.verdict("x/a", "x/a", 80);
  EXPECT_TRUE(verdict.allowed());
  EXPECT_EQ(verdict.egress.reason, Reason::kSelf);
  EXPECT_EQ(verdict.ingress.reason, Reason::kSelf);
  EXPECT_TRUE(cluster.allows("10.0.1.1", "x/a"));
}

TEST(PolicyAddresses, TheOwnNodeReachesItsPodsAnotherIsJudged) {
  Cluster cluster = onePod("{podSelector: {}}");
  EXPECT_EQ(cluster.verdict("192.0.2.1", "x/a", 80).ingress.reason, Reason::kOwnNode);
  EXPECT_FALSE(cluster.allows("192.0.2.2", "x/a"));
  cluster.policy("x/n2", fromBlocks("[{ipBlock: {cidr: 192.0.2.2/32}}]"));
  EXPECT_TRUE(cluster.allows("192.0.2.2", "x/a"));
}

TEST(PolicyAddresses, APodReachesItsOwnNodeUnlessThatIsJudgedToo) {
  const Cluster cluster = onePod("{podSelector: {}, policyTypes: [Egress]}");
  EXPECT_TRUE(cluster.allows("x/a", "192.0.2.1"));
  EXPECT_FALSE(cluster.allows("x/a", "192.0.2.2"));
  const Options judged{false};
  EXPECT_FALSE(cluster.verdict("x/a", "192.0.2.1", 80, Protocol::kTcp, judged).allowed());
  EXPECT_TRUE(onePod("{podSelector: {}}")
                  .verdict("192.0.2.1", "x/a", 80, Protocol::kTcp, judged)
                  .allowed());
}

TEST(PolicyAddresses, PodsOfTheNodesNetworkAreNotIsolated) {
  Cluster cluster = onePod("{podSelector: {}, policyTypes: [Ingress, Egress]}");
  Pod& host = cluster.pod("x/host", "192.0.2.2", {{"pod", "a"}});
  host.hostNetwork = true;
  host.node = "n2";
  EXPECT_EQ(cluster.verdict("203.0.113.2", "x/host", 80).ingress.reason, Reason::kNoPod);
  EXPECT_TRUE(cluster.allows("x/host", "203.0.113.2"));
}

TEST(PolicyAddresses, SelectorsNeverFindPodsOfTheNodesNetworkButBlocksDo) {
  const auto withHost = [](const std::string& spec, const std::string& node) {
    Cluster cluster = onePod(spec);
    Pod& host = cluster.pod("x/host", node == "n1" ? "192.0.2.1" : "192.0.2.2", {{"pod", "h"}});
    host.hostNetwork = true;
    host.node = node;
    return cluster;
  };
  EXPECT_FALSE(withHost(fromBlocks("[{podSelector: {}}]"), "n2").allows("x/host", "x/a"));
  EXPECT_FALSE(withHost(fromBlocks("[{namespaceSelector: {}}]"), "n2").allows("x/host", "x/a"));
  const std::string node = fromBlocks("[{ipBlock: {cidr: 192.0.2.2/32}}]");
  EXPECT_TRUE(withHost(node, "n2").allows("x/host", "x/a"));
  EXPECT_TRUE(withHost(fromBlocks("[{podSelector: {}}]"), "n1").allows("x/host", "x/a"));
  // The address is the node's: nothing tells its pods apart.
  EXPECT_FALSE(withHost(fromBlocks("[{podSelector: {}}]"), "n2").allows("192.0.2.2", "x/a"));
}

TEST(PolicyAddresses, AnEndedPodIsNobodyAndItsAddressAnothers) {
  Cluster cluster = onePod(fromBlocks("[{podSelector: {matchLabels: {pod: job}}}]"));
  cluster.pod("x/done", "10.0.1.9", {{"pod", "job"}});
  EXPECT_TRUE(cluster.allows("10.0.1.9", "x/a"));
  cluster.state().pods[1].finished = true;
  EXPECT_FALSE(cluster.allows("10.0.1.9", "x/a"));
  EXPECT_FALSE(cluster.allows("x/done", "x/a"));
  cluster.pod("y/next", "10.0.1.9", {{"pod", "job"}});
  EXPECT_FALSE(cluster.allows("10.0.1.9", "x/a"));  // Of another namespace.
}

TEST(PolicyAddresses, AnEndedPodIsolatesItsAddressNoMore) {
  Cluster cluster = onePod("{podSelector: {matchLabels: {pod: a}}}");
  EXPECT_FALSE(cluster.allows("203.0.113.2", "10.0.1.1"));
  cluster.state().pods[0].finished = true;
  cluster.pod("x/next", "10.0.1.1");
  EXPECT_TRUE(cluster.allows("203.0.113.2", "10.0.1.1"));
}

TEST(PolicyAddresses, ATerminatingPodKeepsWhatItHadUntilAnotherHasItsAddress) {
  Cluster cluster = onePod(fromBlocks("[{podSelector: {matchLabels: {pod: b}}}]"));
  cluster.pod("x/b", "10.0.1.9", {{"pod", "b"}}).terminating = true;
  cluster.state().pods[0].terminating = true;
  EXPECT_TRUE(cluster.allows("10.0.1.9", "10.0.1.1"));
  EXPECT_FALSE(cluster.allows("203.0.113.2", "10.0.1.1"));
  cluster.pod("x/next", "10.0.1.9", {{"pod", "c"}});
  EXPECT_FALSE(cluster.allows("10.0.1.9", "10.0.1.1"));
  std::swap(cluster.state().pods[1], cluster.state().pods[2]);
  EXPECT_FALSE(cluster.allows("10.0.1.9", "10.0.1.1"));
  // Of two that go the first.
  cluster.state().pods[1].terminating = true;
  EXPECT_FALSE(cluster.allows("10.0.1.9", "10.0.1.1"));
  std::swap(cluster.state().pods[1], cluster.state().pods[2]);
  EXPECT_TRUE(cluster.allows("10.0.1.9", "10.0.1.1"));
}

}  // namespace
}  // namespace hitless::policy
