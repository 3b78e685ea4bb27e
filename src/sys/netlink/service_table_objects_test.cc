#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): which objects count, and how slices are joined.
namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::kClusterIp;
using testing::kOtherTcpPort;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kTcpPort;
using testing::kUnallocated;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
/// These addresses are answered upstream where no rule takes them.
constexpr const char* kAnswered = "10.96.0.99,fd00:96::99";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", kTcpPort}};

class ServiceObjects : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceObjects, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceObjects, HeadlessAndExternalNameAreIgnored) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const char* externalIps = R"("externalIPs":["198.51.100.1","2001:db8:2::1"])";
    node.apply({service("headless", "None", kPorts, externalIps),
                service("name", kAnswered, kPorts,
                        std::string(R"("type":"ExternalName","externalName":"example.com",)") +
                            externalIps)},
               {slice("headless", {node.local(kPodB)}, kTargets),
                slice("name", {node.local(kPodB)}, kTargets)});
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "unallocated:80 sees pod-a");
    EXPECT_EQ(node.tcp(kPodA, testing::kExternal, 80), "external:80 sees pod-a");
  });
}

TEST_P(ServiceObjects, ProxyNameLabelAppearsAndVanishes) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto labelled = [](const std::string& label) {
      return service("web", kAnswered, kPorts, "", label);
    };
    node.serve(labelled(""), slice("web", {node.local(kPodB)}, kTargets));
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "pod-b:8080 sees pod-a");
    node.apply({labelled(R"("service.kubernetes.io/service-proxy-name":"other")")});
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "unallocated:80 sees pod-a");
    node.apply({labelled("")});
    EXPECT_EQ(node.tcp(kPodA, kUnallocated, 80), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServiceObjects, NamedPortsDifferPerSlice) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.apply({service("web", kIps, kPorts)},
               {slice("web", {node.local(kPodB)}, {{"http", "TCP", kTcpPort}}, 1, "a"),
                slice("web", {node.remote(kPodX)}, {{"http", "TCP", kOtherTcpPort}}, 1, "b"),
                slice("web", {node.local(kPodC)}, {{"metrics", "TCP", kTcpPort}}, 1, "c")});
    std::set<std::string> seen;
    for (int i = 0; i < 40; ++i) {
      seen.insert(node.tcp(kPodA, kClusterIp, 80));
    }
    EXPECT_EQ(seen, (std::set<std::string>{"pod-b:8080 sees pod-a", "pod-x:9090 sees pod-a"}));
  });
}

TEST_P(ServiceObjects, SlicesAreMergedWithoutDuplicates) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.apply({service("web", kIps, kPorts)},
               {slice("web", {node.local(kPodB), node.local(kPodC)}, kTargets, 1, "a"),
                slice("web", {node.local(kPodB)}, kTargets, 1, "b"),
                slice("web", {node.local(kPodB)}, kTargets, 1, "c")});
    constexpr int kConnections = 200;
    const auto spread = node.spread(kPodA, kClusterIp, 80, kConnections);
    EXPECT_EQ(spread.size(), 2U);
    EXPECT_NEAR(spread.at("pod-c"), kConnections / 2, 36);  // Five standard deviations.
  });
}

TEST_P(ServiceObjects, AFamilyWithoutEndpointsRefusesWhileTheOtherWorks) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const IpFamily other = GetParam() == IpFamily::kV4 ? IpFamily::kV6 : IpFamily::kV4;
    const auto mine = slice("web", {node.local(kPodB)}, kTargets, 1, "mine");
    node.apply({service("web", kIps, kPorts)}, {mine});
    const auto elsewhere = [&] {
      return node.visits().tcp(kPodA, kClusterIp.in(other), 80).outcome;
    };
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
    EXPECT_EQ(elsewhere(), "refused");
    node.update(slice("web", {{kPodC.text(other), "node-1"}}, kTargets, 1, "theirs"));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
    EXPECT_EQ(elsewhere(), "pod-c:8080 sees pod-a");
    node.update(slice("web", {}, kTargets, 1, "mine"));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "refused");
    EXPECT_EQ(elsewhere(), "pod-c:8080 sees pod-a");
  });
}

TEST_P(ServiceObjects, ASingleFamilyIgnoresSlicesOfTheOther) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const IpFamily other = GetParam() == IpFamily::kV4 ? IpFamily::kV6 : IpFamily::kV4;
    node.apply({service("web", node.text(kClusterIp), kPorts)},
               {slice("web", {{kPodC.text(other), "node-1"}}, kTargets, 1, "theirs")});
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "refused");
    node.update(slice("web", {node.local(kPodB)}, kTargets, 1, "mine"));
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
  });
}

TEST_P(ServiceObjects, ConditionsThatAreMissingHaveTheirDefaults) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto bare = testing::object(fmt::format(
        R"({{"metadata":{{"name":"web-bare","namespace":"default","resourceVersion":"1",
             "labels":{{"kubernetes.io/service-name":"web"}}}},"addressType":"{}",
            "endpoints":[{{"addresses":["{}"]}}],"ports":[{{"name":"http","port":{}}}]}})",
        GetParam() == IpFamily::kV4 ? "IPv4" : "IPv6", node.text(kPodB), kTcpPort));
    node.apply({service("web", kIps, kPorts)}, {bare});
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 80), "pod-b:8080 sees pod-a");
  });
}

}  // namespace
}  // namespace hitless::sys
