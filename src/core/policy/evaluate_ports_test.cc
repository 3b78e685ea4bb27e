#include <gtest/gtest.h>

#include "core/policy/evaluate_fixture.h"

/// Verdicts about ports: numbers, ranges, names, protocols.
namespace hitless::policy {
namespace {

constexpr Protocol kTcp = Protocol::kTcp;
constexpr Protocol kUdp = Protocol::kUdp;
constexpr Protocol kSctp = Protocol::kSctp;

/// Two servers that call different numbers "web", and a client.
Cluster servers() {
  Cluster cluster;
  cluster.pod("x/client", "10.0.1.1", {{"role", "client"}});
  cluster.pod("x/old", "10.0.1.2", {{"role", "server"}}).ports = {{"web", kTcp, 8080}};
  cluster.pod("x/new", "10.0.1.3", {{"role", "server"}}).ports = {{"web", kTcp, 9090},
                                                                  {"dns", kUdp, 9090}};
  return cluster;
}

Cluster letIn(const std::string& ports) {
  return servers().policy(
      "x/p", "{podSelector: {matchLabels: {role: server}}, ingress: [{ports: " + ports + "}]}");
}

Cluster letOut(const std::string& rule) {
  return servers().policy("x/p", "{podSelector: {matchLabels: {role: client}}, egress: [" + rule +
                                     "], policyTypes: [Egress]}");
}

TEST(PolicyPorts, ANumberIsOfOneProtocolTcpByDefault) {
  const Cluster cluster =
      letIn("[{port: 80}, {port: 53, protocol: UDP}, {port: 7, protocol: SCTP}]");
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 80));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 80, kUdp));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 53, kUdp));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 53, kTcp));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 7, kSctp));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 81));
}

TEST(PolicyPorts, AProtocolAloneIsAllItsPorts) {
  const Cluster cluster = letIn("[{protocol: UDP}]");
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 1, kUdp));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 65535, kUdp));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 1, kTcp));
  EXPECT_TRUE(letIn("[{}]").allows("x/client", "x/old", 1, kTcp));  // TCP by default.
  EXPECT_FALSE(letIn("[{}]").allows("x/client", "x/old", 1, kUdp));
}

TEST(PolicyPorts, RangesIncludeBothEnds) {
  const Cluster cluster = letIn("[{port: 100, endPort: 102}]");
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 99));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 100));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 101));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 102));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 103));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 101, kUdp));
}

TEST(PolicyPorts, ANameIsWhateverTheSelectedPodCallsSo) {
  const Cluster cluster = letIn("[{port: web}]");
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 8080));
  EXPECT_FALSE(cluster.allows("x/client", "x/old", 9090));
  EXPECT_TRUE(cluster.allows("x/client", "x/new", 9090));
  EXPECT_FALSE(cluster.allows("x/client", "x/new", 8080));
  EXPECT_FALSE(cluster.allows("x/client", "x/new", 9090, kUdp));  // Which is called dns.
  EXPECT_TRUE(letIn("[{port: dns, protocol: UDP}]").allows("x/client", "x/new", 9090, kUdp));
  EXPECT_FALSE(letIn("[{port: dns}]").allows("x/client", "x/new", 9090, kTcp));
  EXPECT_FALSE(letIn("[{port: nobody}]").allows("x/client", "x/new", 9090));
}

TEST(PolicyPorts, OnTheWayOutANameIsThatOfThePodConnectedTo) {
  for (const char* rule :
       {"{ports: [{port: web}]}", "{ports: [{port: web}], to: [{podSelector: {}}]}",
        "{ports: [{port: web}], to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"}) {
    Cluster cluster = letOut(rule);
    cluster.state().pods[0].ports = {{"web", kTcp, 80}};  // The client's own name does not count.
    EXPECT_TRUE(cluster.allows("x/client", "x/old", 8080)) << rule;
    EXPECT_FALSE(cluster.allows("x/client", "x/new", 8080)) << rule;
    EXPECT_TRUE(cluster.allows("x/client", "x/new", 9090)) << rule;
    EXPECT_FALSE(cluster.allows("x/client", "x/new", 80)) << rule;
    EXPECT_FALSE(cluster.allows("x/client", "10.9.9.9", 8080)) << rule;  // No pod, no names.
  }
}

TEST(PolicyPorts, ThePodsOfOtherNamespacesHaveNamesToo) {
  Cluster cluster = letOut("{ports: [{port: web}], to: [{namespaceSelector: {}}]}");
  cluster.pod("y/far", "10.0.2.1").ports = {{"web", kTcp, 7070}};
  EXPECT_TRUE(cluster.allows("x/client", "y/far", 7070));
  EXPECT_FALSE(cluster.allows("x/client", "y/far", 8080));
}

TEST(PolicyPorts, EveryPortAPodCallsSoCounts) {
  Cluster cluster = letIn("[{port: web}]");
  cluster.state().pods[1].ports.push_back({"web", kTcp, 8081});  // Of another container.
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 8080));
  EXPECT_TRUE(cluster.allows("x/client", "x/old", 8081));
}

TEST(PolicyPorts, NamesOfANodesPodsSayNothingAboutTheNode) {
  Cluster cluster = letOut("{ports: [{port: web}], to: [{ipBlock: {cidr: 192.0.2.0/24}}]}");
  Pod& pod = cluster.pod("x/host", "192.0.2.1");
  pod.hostNetwork = true;
  pod.ports = {{"web", kTcp, 80}};
  EXPECT_FALSE(cluster.allows("x/client", "x/host", 80));
}

}  // namespace
}  // namespace hitless::policy
