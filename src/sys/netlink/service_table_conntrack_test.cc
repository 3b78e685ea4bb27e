#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): connections that exist when endpoints come and go.
namespace hitless::sys {
namespace {

using testing::EndpointSpec;
using testing::Host;
using testing::inNamespaces;
using testing::kClient;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodC;
using testing::kPodX;
using testing::kUnallocated;
using testing::PortSpec;
using testing::service;
using testing::ServiceNode;
using testing::slice;
using testing::Visit;

constexpr const char* kIps = "10.96.0.10,fd00:96::10";
/// These addresses are answered upstream as long as no rule takes them.
constexpr const char* kAnswered = "10.96.0.99,fd00:96::99";
const std::vector<PortSpec> kPorts = {{"http", "TCP", 80, 30080}, {"dns", "UDP", 53, 30053}};
const std::vector<PortSpec> kTargets = {{"http", "TCP", testing::kTcpPort},
                                        {"dns", "UDP", testing::kUdpPort}};

kube::ObjectPtr backed(const std::vector<EndpointSpec>& endpoints) {
  return slice("web", endpoints, kTargets);
}
EndpointSpec terminating(EndpointSpec endpoint) {
  endpoint.ready = false;
  endpoint.terminating = true;
  return endpoint;
}

/// Whether bytes still pass in both directions.
bool alive(const Visit& visit) {
  char byte = 0;
  return ::send(visit.client.get(), "x", 1, MSG_NOSIGNAL) == 1 &&
         testing::readable(visit.server.get()) && ::recv(visit.server.get(), &byte, 1, 0) == 1 &&
         ::send(visit.server.get(), "y", 1, MSG_NOSIGNAL) == 1 &&
         testing::readable(visit.client.get()) && ::recv(visit.client.get(), &byte, 1, 0) == 1;
}

/// An attempt to reach the service.
Fd connecting(const ServiceNode& node, const testing::Dual& from) {
  return node.network().at(
      from.host, [&] { return testing::startConnecting(SOCK_STREAM, node.ip(kClusterIp), 80); });
}

/// How many attempts are in the connection table.
int unanswered(ServiceNode& node) {
  int count = 0;
  const auto flows = node.conntrack().dump();
  EXPECT_TRUE(flows);
  for (const Flow& flow : *flows) {
    count += flow.tcpState == conntrack::TcpState::kSynSent ? 1 : 0;
  }
  return count;
}

/// The next SYN comes a second after the first.
void expectConnected(const Fd& client) {
  EXPECT_TRUE(testing::readable(client.get(), 5000, POLLOUT));
  EXPECT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1);
}

std::uint16_t portOf(const Fd& fd) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  // The port lies at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
}

/// Connects to the service from a port of its own choice.
Fd connectFrom(const ServiceNode& node, const testing::Dual& from, std::uint16_t source) {
  return node.network().at(from.host, [&] {
    const IpAddress service = node.ip(kClusterIp);
    Fd fd(::socket(service.isV4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const testing::SocketAddress own(*IpAddress::parse(service.isV4() ? "0.0.0.0" : "::"), source);
    EXPECT_EQ(::bind(fd.get(), own.get(), own.size), 0) << std::strerror(errno);
    const testing::SocketAddress to(service, 80);
    EXPECT_EQ(::connect(fd.get(), to.get(), to.size), 0) << std::strerror(errno);
    return fd;
  });
}

/// The server's end of a connection resets it.
void resetBy(Visit& visit) {
  const linger atOnce{1, 0};
  EXPECT_EQ(::setsockopt(visit.server.get(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce), 0);
  visit.server = Fd();
  EXPECT_TRUE(testing::readable(visit.client.get(), 3000, POLLHUP));
}

class ServiceConnections : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceConnections, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceConnections, OutliveTheRemovalOfTheirEndpointAndService) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto web = service("web", kIps, kPorts);
    node.serve(web, backed({node.local(kPodB)}));
    const Visit pod = node.openTcp(kPodA, kClusterIp, 80);
    const Visit host = node.openTcp(kNode, kClusterIp, 80);
    const Visit client = node.openTcp(kClient, kNode, 30080);
    const auto allAlive = [&] { return alive(pod) && alive(host) && alive(client); };
    EXPECT_TRUE(allAlive());
    node.update(backed({terminating(node.local(kPodB)), node.local(kPodC)}));
    EXPECT_TRUE(allAlive());
    node.update(backed({}));
    EXPECT_TRUE(allAlive());
    node.removeService(web);
    EXPECT_TRUE(allAlive());
  });
}

TEST_P(ServiceConnections, APortThatIsUsedAgainAfterAResetFindsALivingEndpoint) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    Visit visit = node.openTcp(kPodA, kClusterIp, 80);
    const std::uint16_t port = portOf(visit.client);
    const auto endpointOf = [&] {
      for (const Flow& flow : node.conntrack().dump().value_or(std::vector<Flow>{})) {
        if (flow.original.protocol == conntrack::kTcp && flow.original.sourcePort == port) {
          return flow.reply.source;
        }
      }
      return IpAddress();
    };
    resetBy(visit);
    visit.client = Fd();
    ASSERT_EQ(endpointOf(), node.ip(kPodB));  // It is remembered.
    node.update(backed({terminating(node.local(kPodB)), node.local(kPodC)}));
    const Fd again = connectFrom(node, kPodA, port);
    EXPECT_EQ(endpointOf(), node.ip(kPodC));
  });
}

TEST_P(ServiceConnections, UdpMovesToALivingEndpoint) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    Visit visit = node.openUdp(kPodA, kClusterIp, 53);
    Visit outside = node.openUdp(kClient, kNode, 30053);
    EXPECT_EQ(visit.outcome, "pod-b:5353 sees pod-a");
    // As long as it serves, what began there stays there.
    node.update(backed({terminating(node.local(kPodB)), node.local(kPodC)}));
    node.askAgain(visit, kPodA);
    EXPECT_EQ(visit.outcome, "pod-b:5353 sees pod-a");
    node.askAgain(outside, kClient);
    EXPECT_EQ(outside.outcome, "pod-b:5353 sees node");
    node.update(backed({node.local(kPodC)}));
    node.askAgain(visit, kPodA);
    EXPECT_EQ(visit.outcome, "pod-c:5353 sees pod-a");
    node.askAgain(outside, kClient);
    EXPECT_EQ(outside.outcome, "pod-c:5353 sees node");
  });
}

TEST_P(ServiceConnections, UdpFromBeforeTheServiceIsTranslated) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.visits().listen(Host::kNode, SOCK_DGRAM, 30053);
    node.apply({service("other", kIps, kPorts)});
    node.removeService(service("other", kIps, kPorts));
    Visit pod = node.openUdp(kPodA, kUnallocated, 53);
    Visit host = node.openUdp(kNode, kUnallocated, 53);
    Visit client = node.openUdp(kClient, kNode, 30053);
    EXPECT_EQ(pod.outcome, "unallocated:53 sees pod-a");
    EXPECT_EQ(host.outcome, "unallocated:53 sees node");
    EXPECT_EQ(client.outcome, "node:30053 sees client");

    node.serve(service("web", kAnswered, kPorts), backed({node.local(kPodB)}));
    node.askAgain(pod, kPodA);
    EXPECT_EQ(pod.outcome, "pod-b:5353 sees pod-a");
    node.askAgain(host, kNode);
    EXPECT_EQ(host.outcome, "pod-b:5353 sees node");
    node.askAgain(client, kClient);
    EXPECT_EQ(client.outcome, "pod-b:5353 sees node");
  });
}

TEST_P(ServiceConnections, UdpIsRefusedWhenTheLastEndpointGoesAndServedWhenOneComes) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    Visit visit = node.openUdp(kPodA, kClusterIp, 53);
    node.update(backed({}));
    node.askAgain(visit, kPodA);
    EXPECT_EQ(visit.outcome, "refused");
    node.update(backed({node.remote(kPodX)}));
    node.askAgain(visit, kPodA);
    EXPECT_EQ(visit.outcome, "pod-x:5353 sees pod-a");
  });
}

TEST_P(ServiceConnections, UnansweredTcpMovesToAnotherEndpoint) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.network().at(Host::kB, [] {
      EXPECT_EQ(testing::outputOf("nft 'add table inet t; add chain inet t c { type filter hook "
                                  "input priority 0; }; add rule inet t c tcp dport 8080 drop'"),
                "");
      return 0;
    });
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    const Fd client = connecting(node, kPodA);
    EXPECT_EQ(unanswered(node), 1);
    node.update(backed({terminating(node.local(kPodB)), node.local(kPodC)}));
    EXPECT_EQ(unanswered(node), 0);
    expectConnected(client);
  });
}

TEST_P(ServiceConnections, UnansweredTcpFromBeforeTheServiceIsTranslated) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    const auto other = service("other", kAnswered, kPorts);
    node.apply({other});
    const Fd pod = connecting(node, kPodA);
    const Fd host = connecting(node, kNode);
    EXPECT_EQ(unanswered(node), 2);
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    EXPECT_EQ(unanswered(node), 0);
    expectConnected(pod);
    expectConnected(host);
  });
}

TEST_P(ServiceConnections, UnansweredTcpFromATimeWithoutRulesIsTranslated) {
  inNamespaces([] {
    ServiceNode node(GetParam());
    node.serve(service("web", kIps, kPorts), backed({node.local(kPodB)}));
    // A table of somebody else has connections tracked without ours.
    EXPECT_EQ(testing::outputOf("nft 'add table inet t; add chain inet t c { type filter hook "
                                "forward priority 0; }; add rule inet t c ct state new accept; "
                                "delete table inet " +
                                std::string(rules::names::kTable) + "'"),
              "");
    const Fd client = connecting(node, kPodA);
    EXPECT_EQ(unanswered(node), 1);
    node.restart();
    EXPECT_EQ(unanswered(node), 0);
    expectConnected(client);
  });
}

}  // namespace
}  // namespace hitless::sys
