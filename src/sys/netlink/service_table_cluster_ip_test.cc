#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): cluster IPs, with real packets.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::inNamespaces;
using testing::kClient;
using testing::kClusterIp;
using testing::kNode;
using testing::kOtherNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using testing::kUnallocated;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kBothIps = "10.96.0.10,fd00:96::10";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80}, {"dns", "UDP", 53}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};

class ServiceClusterIp : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceClusterIp, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceClusterIp, FromAPod) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
    EXPECT_EQ(node.udp(kPodA, kClusterIp, 53), "pod-b:5353 sees pod-a");
    node.update(slice("web", {node.remote(kPodX)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-x:8080 sees pod-a");
    EXPECT_EQ(node.udp(kPodA, kClusterIp, 53), "pod-x:5353 sees pod-a");
  });
}

TEST_P(ServiceClusterIp, FromTheHost) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kNode, kClusterIp, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.udp(kNode, kClusterIp, 53), "pod-b:5353 sees node");
    node.update(slice("web", {node.remote(kPodX)}, kTargets));
    EXPECT_EQ(node.tcp(kNode, kClusterIp, 80), "pod-x:8080 sees node");
  });
}

TEST_P(ServiceClusterIp, FromAnotherNodesPod) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodX, kClusterIp, 80), "pod-b:8080 sees pod-x");
  });
}

TEST_P(ServiceClusterIp, FromOutsideIsMasqueraded) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts),
               slice("web", {node.local(kPodB), node.remote(kPodX)}, kTargets));
    for (int i = 0; i < 8; ++i) {
      const std::string outcome = node.tcp(kClient, kClusterIp, 80);
      EXPECT_TRUE(outcome == "pod-b:8080 sees node" || outcome == "pod-x:8080 sees node")
          << outcome;
    }
  });
}

TEST_P(ServiceClusterIp, UndefinedPortIsRefused) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    for (const Dual& from : {kPodA, kNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kClusterIp, 81), "refused");
      EXPECT_EQ(node.udp(from, kClusterIp, 80), "refused");
    }
  });
}

TEST_P(ServiceClusterIp, IcmpIsNotAnswered) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    // Upstream would answer.
    EXPECT_TRUE(node.ping(kPodA, kUnallocated));
    node.serve(service("web", "10.96.0.99,fd00:96::99", kPorts),
               slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_TRUE(node.ping(kPodA, kPodB));
    EXPECT_FALSE(node.ping(kPodA, kUnallocated));
    EXPECT_FALSE(node.ping(kNode, kUnallocated));
  });
}

TEST_P(ServiceClusterIp, UnallocatedIpOfAServiceCidrIsDropped) {
  inNamespaces([] {
    const auto tweak = [](rules::Options& options) {
      options.serviceCidrs = {*Cidr::parse("10.96.0.0/16"), *Cidr::parse("fd00:96::/112")};
    };
    ServiceNode node(GetParam(), tweak);
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    for (const Dual& from : {kPodA, kNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kUnallocated, 80), "no answer");
      EXPECT_EQ(node.udp(from, kUnallocated, 53), "no answer");
    }
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServiceClusterIp, UnallocatedIpWithoutServiceCidrsIsLeftAlone) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "unallocated:80 sees pod-a");
  });
}

TEST_P(ServiceClusterIp, NoEndpointIsRefused) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {}, kTargets));
    for (const Dual& from : {kPodA, kNode, kOtherNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kClusterIp, 80), "refused");
      EXPECT_EQ(node.udp(from, kClusterIp, 53), "refused");
    }
  });
}

TEST_P(ServiceClusterIp, HairpinIsMasqueraded) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kPodA)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-a:8080 sees node");
    EXPECT_EQ(node.udp(kPodA, kClusterIp, 53), "pod-a:5353 sees node");
    EXPECT_EQ(node.tcp(kPodB, kClusterIp, 80), "pod-a:8080 sees pod-b");
  });
}

TEST_P(ServiceClusterIp, HostNetworkEndpointOfThisNode) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(testing::Host::kNode, SOCK_STREAM, testing::kTcpPort);
    node.serve(service("web", kBothIps, kPorts), slice("web", {node.local(kNode)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "node:8080 sees pod-a");
    EXPECT_EQ(node.tcp(kNode, kClusterIp, 80), "node:8080 sees node");
    // What ends on this node needs no masquerading for its answers to come back.
    EXPECT_EQ(node.tcp(kClient, kClusterIp, 80), "node:8080 sees client");
  });
}

TEST_P(ServiceClusterIp, ADeletedServiceIsLeftAlone) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto unallocated = service("web", "10.96.0.99,fd00:96::99", kPorts);
    node.serve(unallocated, slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "pod-b:8080 sees pod-a");
    node.removeService(unallocated);
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "unallocated:80 sees pod-a");
  });
}

}  // namespace
}  // namespace hitless::sys
