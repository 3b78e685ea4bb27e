#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): which endpoints a connection may reach.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::EndpointSpec;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kClient;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kUnallocated;
using testing::loadBalancer;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;
using Spread = std::map<std::string, int>;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
/// These addresses are answered upstream where no rule takes them.
constexpr const char* kAnswered = "10.96.0.99,fd00:96::99";
constexpr const char* kIngress = R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1"}])";
constexpr const char* kInternalLocal = R"("internalTrafficPolicy":"Local")";
constexpr const char* kExternalLocal = R"("externalTrafficPolicy":"Local")";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80, 30080}, {"dns", "UDP", 53, 30053}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};
/// So often that an endpoint which takes part is met.
constexpr int kMany = 30;

kube::ObjectPtr backed(const std::vector<EndpointSpec>& endpoints) {
  return slice("web", endpoints, kTargets);
}
EndpointSpec terminating(EndpointSpec endpoint, bool serving = true) {
  endpoint.ready = false;
  endpoint.serving = serving;
  endpoint.terminating = true;
  return endpoint;
}
EndpointSpec hinted(EndpointSpec endpoint, const std::string& hints) {
  endpoint.hints = hints;
  return endpoint;
}
std::string zone(const std::string& name) {
  return R"("forZones":[{"name":")" + name + R"("}])";
}
std::string forNode(const std::string& name) {
  return R"("forNodes":[{"name":")" + name + R"("}])";
}

class ServicePolicy : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServicePolicy, testing::kBothFamilies, testing::familyName);

TEST_P(ServicePolicy, InternalLocalUsesLocalEndpointsOnly) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts, kInternalLocal),
               backed({node.local(kPodB), node.remote(kPodX)}));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-b", kMany}}));
    EXPECT_EQ(node.spread(kNode, kClusterIp, 80, kMany), (Spread{{"pod-b", kMany}}));
  });
}

TEST_P(ServicePolicy, InternalLocalWithoutLocalEndpointsIsDropped) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kAnswered, kPorts, kInternalLocal), backed({node.remote(kPodX)}));
    for (const Dual& from : {kPodA, kNode}) {
      EXPECT_EQ(node.tcp(from, kUnallocated, 80), "no answer");
      EXPECT_EQ(node.udp(from, kUnallocated, 53), "no answer");
    }
    node.update(backed({}));
    for (const Dual& from : {kPodA, kNode}) {
      EXPECT_EQ(node.tcp(from, kUnallocated, 80), "refused");
      EXPECT_EQ(node.udp(from, kUnallocated, 53), "refused");
    }
  });
}

TEST_P(ServicePolicy, ExternalClusterMasquerades) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts), backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "pod-x:8080 sees node");
  });
}

TEST_P(ServicePolicy, ExternalLocalKeepsTheClientsAddress) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({node.local(kPodB), node.remote(kPodX)}));
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "pod-b:8080 sees client");
      EXPECT_EQ(node.tcp(kClient, kNode, 30080), "pod-b:8080 sees client");
    }
    EXPECT_EQ(node.udp(kClient, kBalancer, 53), "pod-b:5353 sees client");
  });
}

TEST_P(ServicePolicy, ExternalLocalWithoutLocalEndpointsIsDropped) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "no answer");
    EXPECT_EQ(node.udp(kClient, kBalancer, 53), "no answer");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "no answer");
    node.update(backed({}));
    EXPECT_EQ(node.tcp(kClient, kBalancer, 80), "refused");
    EXPECT_EQ(node.tcp(kClient, kNode, 30080), "refused");
  });
}

TEST_P(ServicePolicy, ExternalLocalFromInsideUsesAllEndpoints) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({node.remote(kPodX)}));
    EXPECT_EQ(node.tcp(kPodA, kBalancer, 80), "pod-x:8080 sees pod-a");
    EXPECT_EQ(node.tcp(kPodA, kNode, 30080), "pod-x:8080 sees pod-a");
    EXPECT_EQ(node.tcp(kNode, kBalancer, 80), "pod-x:8080 sees node");
    EXPECT_EQ(node.tcp(kNode, kNode, 30080), "pod-x:8080 sees node");
    EXPECT_EQ(node.udp(kPodA, kBalancer, 53), "pod-x:5353 sees pod-a");
    EXPECT_EQ(node.udp(kNode, kBalancer, 53), "pod-x:5353 sees node");
  });
}

TEST_P(ServicePolicy, TerminatingEndpointsOnlyWhereNoneIsReady) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto web = service("web", kIps, kPorts);
    node.serve(web, backed({node.local(kPodB), terminating(node.remote(kPodX))}));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-b", kMany}}));
    node.update(backed({terminating(node.local(kPodB)), terminating(node.remote(kPodX), false)}));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-b", kMany}}));
  });
}

TEST_P(ServicePolicy, TerminatingFallbackOfLocalAndClusterAreIndependent) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({terminating(node.local(kPodB)), node.remote(kPodX)}));
    EXPECT_EQ(node.spread(kClient, kBalancer, 80, kMany), (Spread{{"pod-b", kMany}}));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-x", kMany}}));
    EXPECT_EQ(node.spread(kPodA, kBalancer, 80, kMany), (Spread{{"pod-x", kMany}}));
  });
}

TEST_P(ServicePolicy, NotServingIsNeverUsed) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    EndpointSpec failing = node.local(kPodB);
    failing.ready = false;
    node.serve(service("web", kIps, kPorts),
               backed({failing, terminating(node.local(kPodC), false)}));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "refused");
  });
}

TEST_P(ServicePolicy, PublishNotReadyAddressesIsObeyed) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    // The controller says ready, also of a pod that terminates.
    EndpointSpec endpoint = node.local(kPodB);
    endpoint.serving = false;
    endpoint.terminating = true;
    node.serve(service("web", kIps, kPorts, R"("publishNotReadyAddresses":true)"),
               backed({endpoint}));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServicePolicy, TopologyHintsForNodes) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto hints = [&](const std::string& second) {
      return backed(
          {hinted(node.local(kPodB), forNode("node-1")), hinted(node.remote(kPodX), second)});
    };
    node.serve(service("web", kIps, kPorts), hints(forNode("node-2")));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-b", kMany}}));
    // A single endpoint without a hint disables them.
    node.update(hints(""));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany).size(), 2U);
  });
}

TEST_P(ServicePolicy, TopologyHintsForZones) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto hints = [&](const std::string& local, const std::string& remote) {
      return backed({hinted(node.local(kPodB), local), hinted(node.remote(kPodX), remote)});
    };
    node.serve(service("web", kIps, kPorts), hints(zone("zone-b"), zone("zone-a")));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-x", kMany}}));
    // Hints for other zones only are ignored.
    node.update(hints(zone("zone-b"), zone("zone-c")));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany).size(), 2U);
    node.update(hints(zone("zone-a"), ""));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany).size(), 2U);
  });
}

TEST_P(ServicePolicy, LocalIgnoresTopologyHints) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(loadBalancer("web", kIps, kIngress, kPorts, kExternalLocal),
               backed({hinted(node.local(kPodB), zone("zone-b")),
                       hinted(node.remote(kPodX), zone("zone-a"))}));
    EXPECT_EQ(node.spread(kClient, kBalancer, 80, kMany), (Spread{{"pod-b", kMany}}));
    EXPECT_EQ(node.spread(kPodA, kClusterIp, 80, kMany), (Spread{{"pod-x", kMany}}));
  });
}

}  // namespace
}  // namespace hitless::sys
