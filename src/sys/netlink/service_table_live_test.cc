#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): services that change while they are used, and rows that
/// meet each other.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kBalancer2;
using testing::kClient;
using testing::kClient2;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::loadBalancer;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
constexpr const char* kIngress = R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1"}])";
constexpr const char* kIngress2 = R"([{"ip":"192.0.2.2"},{"ip":"2001:db8:1::2"}])";
constexpr const char* kSticky = R"("sessionAffinity":"ClientIP")";
constexpr const char* kExternalLocal = R"("externalTrafficPolicy":"Local")";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80, 30080}, {"dns", "UDP", 53, 30053}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};
constexpr int kMany = 20;

kube::ObjectPtr backed(const std::vector<EndpointSpec>& endpoints) {
  return slice("web", endpoints, kTargets);
}

class ServiceChanges : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceChanges, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceChanges, TypeAndAddresses) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(Host::kNode, SOCK_STREAM, 30080);
    node.serve(loadBalancer("web", kIps, kIngress, kPorts), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
    node.apply({loadBalancer("web", kIps, kIngress2, kPorts)});
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "balancer:80 sees client");
    EXPECT_EQ(node.tcp(kClient, kBalancer2, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "pod-b:8080 sees node");
    node.apply({service("web", kIps, {{"http", "TCP", 80}})});
    EXPECT_EQ(node.tcp(kClient, kBalancer2, 80), "balancer-2:80 sees client");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "node:30080 sees client");
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServiceChanges, Ports) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, {{"http", "TCP", 80}}), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
    node.apply({service("web", kIps, {{"http", "TCP", 81}})});
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "refused");
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 81), "pod-b:8080 sees pod-a");
    // The port's name joins it with the slices.
    node.apply({service("web", kIps, {{"renamed", "TCP", 81}})});
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 81), "refused");
  });
}

TEST_P(ServiceChanges, ExternalTrafficPolicy) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto both = backed({node.local(kPodB)});
    node.serve(loadBalancer("web", kIps, kIngress, kPorts), both);
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
    node.apply({loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal)});
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees client");
    node.apply({loadBalancer("web", kIps, kIngress, kPorts)});
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
  });
}

TEST_P(ServiceChanges, SessionAffinity) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto spread = [&] { return node.spread(kPodA, kClusterIp, 80, kMany).size(); };
    const auto sticky = [](int seconds) {
      return service(
          "web", kIps, kPorts,
          fmt::format(R"({},"sessionAffinityConfig":{{"clientIP":{{"timeoutSeconds":{}}}}})",
                      kSticky, seconds));
    };
    node.serve(service("web", kIps, kPorts),
               backed({node.local(kPodB), node.local(kPodC), node.remote(kPodX)}));
    EXPECT_EQ(spread(), 3U);
    node.apply({sticky(100)});
    const std::string endpoint = node.openTcp(kPodA, kClusterIp, 80).endpoint;
    EXPECT_EQ(spread(), 1U);
    // Another timeout forgets nobody.
    node.apply({sticky(200)});
    EXPECT_EQ(node.openTcp(kPodA, kClusterIp, 80).endpoint, endpoint);
    EXPECT_EQ(spread(), 1U);
    node.apply({service("web", kIps, kPorts)});
    EXPECT_EQ(spread(), 3U);
  });
}

class ServiceMixed : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceMixed, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceMixed, OnePortOfTwoProtocols) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, {{"http", "TCP", 53}, {"dns", "UDP", 53}}),
               backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 53), "pod-b:8080 sees pod-a");
    EXPECT_EQ(node.udp(kPodA, kClusterIp, 53), "pod-b:5353 sees pod-a");
  });
}

TEST_P(ServiceMixed, HairpinThroughEveryAddress) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({node.local(kPodA)}));
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "pod-a:8080 sees node");
    EXPECT_EQ(node.tcp(kPodA, kNode, 30080), "pod-a:8080 sees node");
    EXPECT_EQ(node.udp(kPodA, kBalancer, 53), "pod-a:5353 sees node");
  });
}

TEST_P(ServiceMixed, BalancerIpOnTheNodeItself) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    testing::ServiceNetwork::addAddresses("lo", kBalancer, "32", "128");
    node.serve(loadBalancer("web", kIps, kIngress, kPorts), backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.udp(kNode, kBalancer, 53), "pod-x:5353 sees node");
    node.update(backed({}));
    for (const Dual& from : {kPodA, kNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kBalancer, 80), "refused");
      EXPECT_EQ(node.udp(from, kBalancer, 53), "refused");
    }
  });
}

TEST_P(ServiceMixed, AffinityWithExternalLocalFromTheHost) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(
        loadBalancer("web", kIps, kIngress, kPorts, std::string(kSticky) + "," + kExternalLocal),
        backed({node.local(kPodB), node.remote(kPodX), node.local(kNode)}));
    node.visits().listen(Host::kNode, SOCK_STREAM, testing::kTcpPort);
    EXPECT_EQ(node.spread(kNode, kBalancer, 80, kMany).size(), 1U);
    EXPECT_EQ(node.spread(kClient, kBalancer, 80, kMany).size(), 1U);
    EXPECT_EQ(node.spread(kPodA, kNode, 30080, kMany).size(), 1U);
  });
}

TEST_P(ServiceMixed, SourceRangesOfOneServiceOnASharedIp) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto guarded =
        loadBalancer("guarded", kIps, kIngress, {{"http", "TCP", 80}},
                     R"("loadBalancerSourceRanges":["192.168.50.2/32","fd00:50::2/128"])");
    const auto open =
        loadBalancer("open", "10.96.0.11,fd00:96::11", kIngress, {{"http", "TCP", 81}});
    node.apply({guarded, open}, {slice("guarded", {node.local(kPodA)}, kTargets),
                                 slice("open", {node.local(kPodB)}, kTargets)});
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-a:8080 sees node");
    EXPECT_EQ(node.tcp(kClient2, kBalancer, 80), "no answer");
    EXPECT_EQ(node.tcp(kClient2, kBalancer, 81), "pod-b:8080 sees node");
  });
}

TEST_P(ServiceMixed, SourceRangesOfOneFamilyLeaveTheOtherOpen) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const bool v4 = GetParam() == IpFamily::kV4;
    const auto ranges = [](const std::string& range) {
      return loadBalancer("web", kIps, kIngress, kPorts,
                          fmt::format(R"("loadBalancerSourceRanges":["{}"])", range));
    };
    node.serve(ranges(v4 ? "2001:db8::/32" : "203.0.113.0/24"), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
    node.apply({ranges(v4 ? "203.0.113.0/24" : "2001:db8::/32")});
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "no answer");
  });
}

}  // namespace
}  // namespace hitless::sys
