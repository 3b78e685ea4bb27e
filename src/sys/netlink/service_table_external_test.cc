#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): node ports, load balancers' and external IPs.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::EndpointSpec;
using testing::Host;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kClient;
using testing::kClient2;
using testing::kExternal;
using testing::kNode;
using testing::kNodeBridge;
using testing::kNodeOuter;
using testing::kOtherNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using testing::loadBalancer;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
constexpr const char* kIngress = R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1","ipMode":"VIP"}])";
constexpr const char* kExternalIps = R"("externalIPs":["198.51.100.1","2001:db8:2::1"])";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80, 30080}, {"dns", "UDP", 53, 30053}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};

kube::ObjectPtr nodePortService(const std::string& more = {}) {
  return service("web", kIps, kPorts, R"("type":"NodePort")" + (more.empty() ? "" : "," + more));
}
kube::ObjectPtr balanced(const std::string& more = {}, const std::string& ingress = kIngress) {
  return loadBalancer("web", kIps, ingress, kPorts, more);
}
kube::ObjectPtr backed(const std::vector<EndpointSpec>& endpoints) {
  return slice("web", endpoints, kTargets);
}

class ServiceNodePort : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceNodePort, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceNodePort, IsServedOnThePrimaryAddress) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(nodePortService(), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "pod-b:8080 sees node");
    EXPECT_EQ(node.udp(kClient, kNode, 30053), "pod-b:5353 sees node");
    EXPECT_EQ(node.tcp(kPodA, kNode, 30080), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kNode, kNode, 30080), "pod-b:8080 sees node");
    EXPECT_EQ(node.udp(kNode, kNode, 30053), "pod-b:5353 sees node");
    node.update(backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "pod-x:8080 sees node");
  });
}

TEST_P(ServiceNodePort, IsNotServedOnOtherAddressesNorOnLocalhost) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(Host::kNode, SOCK_STREAM, 30080);
    node.serve(nodePortService(), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kNodeOuter, 30080), "node:30080 sees client");
    EXPECT_EQ(node.tcp(kPodA, kNodeBridge, 30080), "node:30080 sees pod-a");
    const Dual localhost{"localhost", "127.0.0.1", "::1"};
    EXPECT_EQ(node.tcp(kNode, localhost, 30080),
              fmt::format("{0}:30080 sees {0}", localhost.text(GetParam())));
    EXPECT_EQ(node.tcp(kClient, kOtherNode, 30080), "refused");
  });
}

TEST_P(ServiceNodePort, IsServedOnTheNodePortAddressesThatAreConfigured) {
  inNamespaces([] {
    const auto tweak = [](rules::Options& options) {
      options.nodePortAddresses = {kNodeOuter.in(IpFamily::kV4), kNodeOuter.in(IpFamily::kV6)};
    };
    ServiceNode node(GetParam(), tweak);
    node.serve(nodePortService(), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kNodeOuter, 30080), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "refused");
  });
}

TEST_P(ServiceNodePort, NoEndpointIsRefused) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(Host::kNode, SOCK_STREAM, 30080);
    node.visits().listen(Host::kNode, SOCK_DGRAM, 30053);
    node.serve(nodePortService(), backed({}));
    for (const Dual& from : {kPodA, kNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kNode, 30080), "refused");
      EXPECT_EQ(node.udp(from, kNode, 30053), "refused");
    }
  });
}

class ServiceLoadBalancer : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceLoadBalancer, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceLoadBalancer, IngressIpIsShortCircuited) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(balanced(), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.udp(kClient, kBalancer, 53), "pod-b:5353 sees node");
  });
}

TEST_P(ServiceLoadBalancer, IpModeProxyAndHostNamesAreLeftAlone) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const char* proxies = R"([{"ip":"192.0.2.1","ipMode":"Proxy"},
        {"ip":"2001:db8:1::1","ipMode":"Proxy"},{"hostname":"lb.example.com"}])";
    node.serve(balanced({}, proxies), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "balancer:80 sees pod-a");
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "balancer:80 sees client");
  });
}

TEST_P(ServiceLoadBalancer, PortsThatNoServiceHasAreLeftAlone) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(balanced(), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 8080), "balancer:8080 sees client");
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 8080), "balancer:8080 sees pod-a");
  });
}

TEST_P(ServiceLoadBalancer, NoEndpointIsRefused) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(balanced(kExternalIps), backed({}));
    for (const Dual& from : {kPodA, kNode, kClient}) {
      EXPECT_EQ(node.tcp(from, kBalancer, 80), "refused");
      EXPECT_EQ(node.udp(from, kBalancer, 53), "refused");
      EXPECT_EQ(node.tcp(from, kExternal, 80), "refused");
      EXPECT_EQ(node.udp(from, kExternal, 53), "refused");
    }
  });
}

TEST_P(ServiceLoadBalancer, WithoutNodePorts) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(Host::kNode, SOCK_STREAM, 30080);
    node.serve(loadBalancer("web", kIps, kIngress, {{"http", "TCP", 80}},
                            R"("allocateLoadBalancerNodePorts":false)"),
               backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "node:30080 sees client");
  });
}

TEST_P(ServiceLoadBalancer, SourceRangesAllowAndDrop) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(
        balanced(
            R"("loadBalancerSourceRanges":[" 192.168.50.2/32 ","fd00:50::2/128 ","10.244.1.2/31","fd00:244:1::2/127"],)" +
            std::string(kExternalIps)),
        backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kClient2, kBalancer, 80), "no answer");
    EXPECT_EQ(node.udp(kClient2, kBalancer, 53), "no answer");
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "no answer");
    // Neither node ports nor external IPs nor the cluster IP are subject to them.
    EXPECT_EQ(node.tcp(kClient2, kNode, 30080), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kClient2, kExternal, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kClient2, testing::kClusterIp, 80), "pod-x:8080 sees node");
  });
}

TEST_P(ServiceLoadBalancer, SourceRangesWithTheNodeAllowTheBalancersOwnIp) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    // Where a cloud's agent gives the IP to the node, the node's own connections to it come from
    // it.
    testing::ServiceNetwork::addAddresses("lo", kBalancer, "32", "128");
    const auto ranges = [](const std::string& list) {
      return balanced(R"("loadBalancerSourceRanges":[)" + list + "]");
    };
    node.serve(ranges(R"("172.30.0.0/24","fd00:30::/64")"), backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "pod-x:8080 sees node");
    node.apply({ranges(R"("172.31.0.0/24","fd00:31::/64")")});
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "no answer");
  });
}

TEST_P(ServiceLoadBalancer, ExternalIps) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts, kExternalIps), backed({node.local(kPodB)}));
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kPodA, kExternal, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.tcp(kNode, kExternal, 80), "pod-b:8080 sees node");
    EXPECT_EQ(node.udp(kClient, kExternal, 53), "pod-b:5353 sees node");
    EXPECT_EQ(node.tcp(kClient, kExternal, 8080), "external:8080 sees client");
  });
}

TEST_P(ServiceLoadBalancer, TwoServicesShareAnExternalIp) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto other =
        service("other", "10.96.0.11,fd00:96::11", {{"http", "TCP", 81}}, kExternalIps);
    node.apply({service("web", kIps, kPorts, kExternalIps), other},
               {backed({node.local(kPodA)}), slice("other", {node.local(kPodB)}, kTargets)});
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-a:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kExternal, 81), "pod-b:8080 sees node");
    node.removeService(other);
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-a:8080 sees node");
  });
}

TEST_P(ServiceLoadBalancer, TheOldestServiceHasAnExternalIpThatSeveralClaim) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto older =
        testing::created(service("web", kIps, kPorts, kExternalIps), "2026-01-01T00:00:00Z");
    const auto newer =
        testing::created(service("a-newcomer", "10.96.0.11,fd00:96::11", kPorts, kExternalIps),
                         "2026-02-01T00:00:00Z");
    node.serve(newer, slice("a-newcomer", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-b:8080 sees node");
    testing::Visit udp = node.openUdp(kClient, kExternal, 53);
    EXPECT_EQ(udp.outcome, "pod-b:5353 sees node");
    node.serve(older, backed({node.local(kPodA)}));
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-a:8080 sees node");
    node.askAgain(udp, kClient);
    EXPECT_EQ(udp.outcome, "pod-a:5353 sees node");
    // It is refused and not lent to another one while the one that has it has no endpoints.
    node.update(backed({}));
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "refused");
    node.restart();
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "refused");
    node.removeService(older);
    EXPECT_EQ(node.tcp(kClient, kExternal, 80), "pod-b:8080 sees node");
    node.askAgain(udp, kClient);
    EXPECT_EQ(udp.outcome, "pod-b:5353 sees node");
  });
}

}  // namespace
}  // namespace hitless::sys
