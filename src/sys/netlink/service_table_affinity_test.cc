#include <gtest/gtest.h>

#include <regex>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): sessionAffinity ClientIP.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::EndpointSpec;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kClient;
using testing::kClient2;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kPodY;
using testing::loadBalancer;
using testing::PortSpec;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
constexpr const char* kIngress = R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1"}])";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80, 30080}, {"dns", "UDP", 53, 30053}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};
/// Without affinity, so many connections in a row would meet one of four endpoints once in a
/// million runs.
constexpr int kMany = 11;

kube::ObjectPtr sticky(int seconds = 10800, const std::string& more = {}) {
  return loadBalancer(
      "web", kIps, kIngress, kPorts,
      fmt::format(
          R"("sessionAffinity":"ClientIP","sessionAffinityConfig":{{"clientIP":{{"timeoutSeconds":{}}}}}{})",
          seconds, more));
}
kube::ObjectPtr backed(const std::vector<EndpointSpec>& endpoints) {
  return slice("web", endpoints, kTargets);
}
std::vector<EndpointSpec> four(const ServiceNode& node) {
  return {node.local(kPodB), node.local(kPodC), node.remote(kPodX), node.remote(kPodY)};
}

std::string mapOf(const ServiceNode& node, const std::string& policy = "cluster") {
  return fmt::format("affinity-{}-default/web/tcp/80-{}",
                     node.family() == IpFamily::kV4 ? "v4" : "v6", policy);
}
/// How many clients are remembered.
std::size_t remembered(ServiceNode& node) {
  const auto elements = node.dataplane().readElements(mapOf(node));
  EXPECT_TRUE(elements);
  return elements ? elements->size() : 0;
}
/// Until the only entry is forgotten, as nft shows it: "expires 9s812ms". 0 if there is none.
int millisecondsLeft(const ServiceNode& node) {
  const std::string listed = testing::outputOf("nft list map inet hitless '" + mapOf(node) + "'");
  std::smatch found;
  if (!std::regex_search(listed, found, std::regex(R"(expires (?:(\d+)s)?(?:(\d+)ms)?)"))) {
    return 0;
  }
  const auto number = [&](std::size_t group) {
    return found[group].matched ? std::stoi(found[group]) : 0;
  };
  return number(1) * 1000 + number(2);
}

class ServiceAffinity : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceAffinity, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceAffinity, OneEndpointThroughEveryAddressOfTheServicePort) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(), backed(four(node)));
    for (const Dual& from : {kClient, kPodA, kNode}) {
      const std::string endpoint = node.openTcp(from, kClusterIp, 80).endpoint;
      EXPECT_NE(endpoint, "");
      for (int i = 0; i < kMany; ++i) {
        EXPECT_EQ(node.openTcp(from, kBalancer, 80).endpoint, endpoint) << from.name;
        EXPECT_EQ(node.openTcp(from, kNode, 30080).endpoint, endpoint) << from.name;
        EXPECT_EQ(node.openTcp(from, kClusterIp, 80).endpoint, endpoint) << from.name;
      }
    }
  });
}

TEST_P(ServiceAffinity, ClientsAreIndependent) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(), backed(four(node)));
    node.tcp(kClient, kBalancer, 80);
    node.tcp(kClient, kBalancer, 80);
    EXPECT_EQ(remembered(node), 1U);
    node.tcp(kClient2, kBalancer, 80);
    EXPECT_EQ(remembered(node), 2U);
  });
}

TEST_P(ServiceAffinity, UdpStaysWithItsEndpoint) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(), backed(four(node)));
    const std::string first = node.udp(kPodA, kClusterIp, 53);
    for (int i = 0; i < kMany; ++i) {
      EXPECT_EQ(node.udp(kPodA, kClusterIp, 53), first);
    }
  });
}

TEST_P(ServiceAffinity, ExternalLocalKeepsListsOfItsOwn) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(10800, R"(,"externalTrafficPolicy":"Local")"),
               backed({node.local(kPodB), node.local(kPodC), node.remote(kPodX)}));
    const std::string outside = node.tcp(kClient, kBalancer, 80);
    const std::string inside = node.tcp(kPodA, kClusterIp, 80);
    EXPECT_TRUE(outside == "pod-b:8080 sees client" || outside == "pod-c:8080 sees client");
    for (int i = 0; i < 2 * kMany; ++i) {
      EXPECT_EQ(node.tcp(kClient, kNode, 30080), outside);
      EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), inside);
    }
  });
}

TEST_P(ServiceAffinity, IsForgottenAfterItsTimeout) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(1), backed(four(node)));
    node.tcp(kPodA, kClusterIp, 80);
    EXPECT_EQ(remembered(node), 1U);
    const int left = millisecondsLeft(node);
    EXPECT_TRUE(left > 0 && left <= 1000) << left;
    while (remembered(node) != 0 && !HasFailure()) {
      ::poll(nullptr, 0, 10);
    }
    EXPECT_NE(node.openTcp(kPodA, kClusterIp, 80).endpoint, "");
    EXPECT_EQ(remembered(node), 1U);
  });
}

TEST_P(ServiceAffinity, IsRefreshedByEachNewConnection) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(10), backed(four(node)));
    node.tcp(kPodA, kClusterIp, 80);
    int left = millisecondsLeft(node);
    while (left > 9900) {
      ::poll(nullptr, 0, 10);
      left = millisecondsLeft(node);
    }
    EXPECT_GT(left, 0);
    node.tcp(kPodA, kClusterIp, 80);
    EXPECT_GT(millisecondsLeft(node), left);
    EXPECT_EQ(remembered(node), 1U);
  });
}

TEST_P(ServiceAffinity, AnEndpointThatLeftIsNotUsed) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(), backed(four(node)));
    const std::string first = node.openTcp(kPodA, kClusterIp, 80).endpoint;
    std::vector<EndpointSpec> others = four(node);
    std::erase_if(others, [&](const EndpointSpec& endpoint) {
      return testing::nameOf(*IpAddress::parse(endpoint.ip)) == first;
    });
    EXPECT_EQ(others.size(), 3U);
    node.update(backed(others));
    EXPECT_EQ(remembered(node), 0U);
    const std::string second = node.openTcp(kPodA, kClusterIp, 80).endpoint;
    EXPECT_NE(second, first);
    // When it comes back the client stays where it is.
    node.update(backed(four(node)));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany),
              (std::map<std::string, int>{{second, kMany}}));
  });
}

TEST_P(ServiceAffinity, SurvivesARestart) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(sticky(), backed(four(node)));
    const std::string endpoint = node.openTcp(kPodA, kClusterIp, 80).endpoint;
    node.restart();
    EXPECT_EQ(remembered(node), 1U);
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany),
              (std::map<std::string, int>{{endpoint, kMany}}));
  });
}

}  // namespace
}  // namespace hitless::sys
