#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/netns.h"
#include "testing/pod_network.h"
#include "testing/result.h"
#include "testing/services.h"

/// Real connections through the rules, in a node made of network namespaces.
namespace hitless::sys {
namespace {

using testing::acceptFrom;
using testing::connectTo;
using testing::EndpointSpec;
using testing::inNamespaces;
using testing::PodNetwork;
using testing::serverSocket;
using testing::service;
using testing::slice;
using testing::within;

constexpr const char* kVip = "10.96.0.10";
const std::vector<testing::PortSpec> kServicePorts = {{"http", "TCP", 80}, {"dns", "UDP", 53}};
const std::vector<testing::PortSpec> kPodPorts = {{"http", "TCP", 8080}, {"dns", "UDP", 5353}};

/// A node with three pods at .2, .3 and .4, and a service `web`.
struct Node {
  PodNetwork network;
  int client = network.addPod("10.244.1.2");
  int a = network.addPod("10.244.1.3");
  int b = network.addPod("10.244.1.4");
  Result<NftDataplane> dataplane = NftDataplane::open(std::string(rules::names::kTable));
  rules::Programmer programmer{*dataplane,
                               {"node-1", ""},
                               {{IpFamily::kV4}, rules::podsIn({*Cidr::parse("10.244.1.0/24")})}};
  service::SnapshotBuilder builder;

  Result<rules::SyncReceipt> serve(const std::vector<EndpointSpec>& endpoints) {
    const auto object = slice("web", endpoints, kPodPorts);
    service::Changes changes;
    if (builder.ready()) {
      changes = builder.applyEndpointSlices(testing::upsert(object, 2));
    } else {
      changes = builder.applyServices(testing::full({service("web", kVip, kServicePorts)}));
      changes.merge(builder.applyEndpointSlices(testing::full({object})));
    }
    return programmer.sync(builder.current(), changes);
  }
};

TEST(ServiceTraffic, APodReachesAnEndpointWithItsOwnAddress) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    const int listener = within(node.a, [] { return serverSocket(SOCK_STREAM, 8080); });
    const int client = within(node.client, [] { return connectTo(SOCK_STREAM, kVip, 80); });
    ASSERT_GT(client, 0) << std::strerror(-client);
    EXPECT_EQ(acceptFrom(listener).peer, "10.244.1.2");
  });
}

TEST(ServiceTraffic, TheNodeItselfReachesAnEndpoint) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    const int listener = within(node.a, [] { return serverSocket(SOCK_STREAM, 8080); });
    const int client = connectTo(SOCK_STREAM, kVip, 80);
    ASSERT_GT(client, 0) << std::strerror(-client);
    EXPECT_EQ(acceptFrom(listener).peer, PodNetwork::kGateway);
  });
}

TEST(ServiceTraffic, APodReachesItselfThroughItsService) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    const int listener = within(node.a, [] { return serverSocket(SOCK_STREAM, 8080); });
    const int client = within(node.a, [] { return connectTo(SOCK_STREAM, kVip, 80); });
    ASSERT_GT(client, 0) << std::strerror(-client);
    EXPECT_EQ(acceptFrom(listener).peer, PodNetwork::kGateway);
  });
}

TEST(ServiceTraffic, NoEndpointAndNoSuchPortAreRefusedAtOnce) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({}));
    EXPECT_EQ(within(node.client, [] { return connectTo(SOCK_STREAM, kVip, 80); }), -ECONNREFUSED);
    EXPECT_EQ(connectTo(SOCK_STREAM, kVip, 80), -ECONNREFUSED);
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    EXPECT_EQ(within(node.client, [] { return connectTo(SOCK_STREAM, kVip, 81); }), -ECONNREFUSED);
    EXPECT_EQ(connectTo(SOCK_STREAM, kVip, 81), -ECONNREFUSED);
  });
}

TEST(ServiceTraffic, AnEstablishedConnectionOutlivesItsEndpointsRemoval) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    const int listener = within(node.a, [] { return serverSocket(SOCK_STREAM, 8080); });
    const int client = within(node.client, [] { return connectTo(SOCK_STREAM, kVip, 80); });
    ASSERT_GT(client, 0);
    const auto accepted = acceptFrom(listener);
    auto conntrack = Conntrack::open();
    ASSERT_OK(conntrack);
    const auto receipt = node.serve({{"10.244.1.4"}});
    ASSERT_OK(receipt);
    ASSERT_OK(conntrack::removeStaleFlows(*conntrack, receipt->changed));
    ASSERT_EQ(::send(client, "hello", 5, MSG_NOSIGNAL), 5);
    char buffer[8];
    ASSERT_TRUE(testing::readable(accepted.fd));
    EXPECT_EQ(::recv(accepted.fd, buffer, sizeof buffer, 0), 5);
  });
}

TEST(ServiceTraffic, AUdpClientMovesToALivingEndpoint) {
  inNamespaces([] {
    Node node;
    ASSERT_OK(node.serve({{"10.244.1.3"}}));
    const int a = within(node.a, [] { return serverSocket(SOCK_DGRAM, 5353); });
    const int b = within(node.b, [] { return serverSocket(SOCK_DGRAM, 5353); });
    const int client = within(node.client, [] { return connectTo(SOCK_DGRAM, kVip, 53); });
    ASSERT_EQ(::send(client, "1", 1, 0), 1);
    ASSERT_TRUE(testing::readable(a));

    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    char byte = 0;
    ASSERT_EQ(::recvfrom(a, &byte, 1, 0, reinterpret_cast<sockaddr*>(&peer), &size), 1);
    ASSERT_EQ(::sendto(a, "r", 1, 0, reinterpret_cast<sockaddr*>(&peer), size), 1);
    ASSERT_EQ(::recv(client, &byte, 1, 0),
              1);  // It came from the cluster IP, or recv would not see it.

    const auto receipt = node.serve({{"10.244.1.4"}});
    ASSERT_OK(receipt);
    auto conntrack = Conntrack::open();
    ASSERT_OK(conntrack);
    const auto removed = conntrack::removeStaleFlows(*conntrack, receipt->changed);
    ASSERT_OK(removed);
    EXPECT_EQ(*removed, 1U);
    ASSERT_EQ(::send(client, "2", 1, 0), 1);
    EXPECT_TRUE(testing::readable(b));
  });
}

TEST(ServiceTraffic, ConnectionsAreSpreadEvenly) {
  inNamespaces([] {
    Node node;
    const int c = node.network.addPod("10.244.1.5");
    ASSERT_OK(node.serve({{"10.244.1.3"}, {"10.244.1.4"}, {"10.244.1.5"}}));
    std::vector<int> servers;
    for (const int pod : {node.a, node.b, c}) {
      servers.push_back(within(pod, [] { return serverSocket(SOCK_DGRAM, 5353); }));
    }
    constexpr int kClients = 600;
    within(node.client, [] {
      for (int i = 0; i < kClients; ++i) {
        const int fd = connectTo(SOCK_DGRAM, kVip, 53);
        EXPECT_EQ(::send(fd, "x", 1, 0), 1);
        ::close(fd);
      }
      return 0;
    });
    int total = 0;
    for (const int server : servers) {
      int count = 0;
      for (char byte = 0; ::recv(server, &byte, 1, MSG_DONTWAIT) == 1;) {
        ++count;
      }
      total += count;
      EXPECT_NEAR(count, kClients / 3, 60);  // Five standard deviations.
    }
    EXPECT_EQ(total, kClients);
  });
}

}  // namespace
}  // namespace hitless::sys
