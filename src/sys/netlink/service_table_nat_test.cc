#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): masquerading, local detection, and how connections are
/// spread.
namespace hitless::sys {
namespace {

using rules::LocalDetector;
using testing::Dual;
using testing::Host;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kClient;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using testing::kPodY;
using testing::loadBalancer;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
constexpr const char* kIngress = R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1"}])";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort}};

class ServiceNat : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceNat, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceNat, MasqueradeAll) {
  inNamespaces([] {
    ServiceNode node(GetParam(), [](rules::Options& options) { options.masqueradeAll = true; });
    node.serve(service("web", kIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kPodX, kClusterIp, 80), "pod-b:8080 sees node");
    // What is not for a service is left alone.
    EXPECT_EQ(node.tcp(kPodA, kPodB, 8080), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServiceNat, PodsAreKnownByTheClustersNetworks) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
    EXPECT_EQ(node.tcp(kPodX, kClusterIp, 80), "pod-b:8080 sees pod-x");
    EXPECT_EQ(node.tcp(kClient, kClusterIp, 80), "pod-b:8080 sees node");
  });
}

/// Pods of other nodes are strangers then; and externalTrafficPolicy Local knows its own.
void onlyPodsOfThisNode(const LocalDetector& pods) {
  ServiceNode node(ServiceNat::GetParam(), [&](rules::Options& options) { options.pods = pods; });
  node.serve(loadBalancer("web", kIps, kIngress, kPorts, R"("externalTrafficPolicy":"Local")"),
             slice("web", {node.remote(kPodY)}, kTargets));
  EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-y:8080 sees pod-a");
  EXPECT_EQ(node.tcp(kPodX, kClusterIp, 80), "pod-y:8080 sees node");
  EXPECT_EQ(node.tcp(kClient, kClusterIp, 80), "pod-y:8080 sees node");
  EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "pod-y:8080 sees pod-a");
  EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "no answer");
}

TEST_P(ServiceNat, PodsAreKnownByTheNodesNetwork) {
  inNamespaces([] {
    onlyPodsOfThisNode(
        rules::podsIn({*Cidr::parse("10.244.1.0/24"), *Cidr::parse("fd00:244:1::/64")}));
  });
}

TEST_P(ServiceNat, PodsAreKnownByTheirBridge) {
  inNamespaces([] { onlyPodsOfThisNode({LocalDetector::Mode::kBridge, {}, "br0"}); });
}

TEST_P(ServiceNat, PodsAreKnownByAnInterfacePrefix) {
  inNamespaces([] { onlyPodsOfThisNode({LocalDetector::Mode::kInterfacePrefix, {}, "br"}); });
}

/// Endpoint number `i` of many.
Dual endpointNumber(int i, std::array<std::string, 2>& storage) {
  storage = {fmt::format("10.244.{}.{}", 4 + i / 250, 1 + i % 250),
             fmt::format("fd00:244:4::{:x}", i + 1)};
  return {"", storage[0], storage[1]};
}

/// Gives the other node the addresses of so many pods.
std::vector<testing::EndpointSpec> addEndpoints(ServiceNode& node, int count) {
  std::vector<testing::EndpointSpec> endpoints;
  node.network().at(Host::kOther, [&] {
    auto links = testing::ServiceNetwork::links();
    const std::string whole = node.family() == IpFamily::kV4 ? "/32" : "/128";
    for (int i = 0; i < count; ++i) {
      std::array<std::string, 2> storage;
      const std::string ip = endpointNumber(i, storage).text(node.family());
      EXPECT_TRUE(links.addAddress("lo", *Cidr::parse(ip + whole)));
      endpoints.push_back({ip, "node-2"});
    }
    return 0;
  });
  return endpoints;
}

TEST_P(ServiceNat, ConnectionsAreSpreadEvenlyOver1To17Endpoints) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto endpoints = addEndpoints(node, 17);
    node.apply({service("web", kIps, kPorts)});
    for (const int count : {1, 2, 3, 5, 17}) {
      node.update(slice("web", {endpoints.begin(), endpoints.begin() + count}, kTargets));
      constexpr int kEach = 60;
      const auto spread = node.spread(kPodA, kClusterIp, 80, kEach * count);
      EXPECT_EQ(spread.size(), static_cast<std::size_t>(count));
      for (const auto& [endpoint, connections] : spread) {
        EXPECT_NEAR(connections, kEach, 40) << endpoint << " of " << count;  // Five deviations.
      }
    }
  });
}

TEST_P(ServiceNat, AThousandEndpointsOfOnePort) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    constexpr int kEndpoints = 1000;
    constexpr int kPerSlice = 100;
    const auto endpoints = addEndpoints(node, kEndpoints);
    std::vector<kube::ObjectPtr> slices;
    for (auto from = endpoints.begin(); from != endpoints.end(); from += kPerSlice) {
      slices.push_back(slice("web", {from, from + kPerSlice}, kTargets, 1,
                             std::to_string(from - endpoints.begin())));
    }
    node.apply({service("web", kIps, kPorts)}, slices);
    // 500 draws of 1,000 meet 394 different ones, give or take 10.
    const auto spread = node.spread(kPodA, kClusterIp, 80, 500);
    EXPECT_GT(spread.size(), 340U);
    EXPECT_FALSE(spread.contains(""));
  });
}

}  // namespace
}  // namespace hitless::sys
