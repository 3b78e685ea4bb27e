#include "app/agent/dns_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include <csignal>

#include "sys/dns/sockets.h"
#include "testing/result.h"
#include "testing/service_node.h"

/// The door with real packets: a node whose service table knows a DNS Service with endpoints
/// elsewhere, and a name server in the node itself.
namespace hitless::app {
namespace {

using testing::Dual;
using testing::Fd;
using ::testing::HasSubstr;
using testing::Host;
using testing::inNamespaces;
using testing::kClusterIp;
using testing::kNode;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using ::testing::Not;
using testing::outputOf;
using testing::PortSpec;
using testing::readable;
using testing::ServiceNode;
using testing::SocketAddress;

constexpr std::uint16_t kPort = 53;
constexpr Dual kLinkLocal{"link-local", "169.254.20.10", "fd00:20::10"};
const std::vector<PortSpec> kPorts = {{"dns", "UDP", 53}, {"dns-tcp", "TCP", 53}};
const std::vector<PortSpec> kTargets = {{"dns", "UDP", testing::kUdpPort},
                                        {"dns-tcp", "TCP", testing::kTcpPort}};

/// Answers as a name server would, at addresses of the current network namespace.
class Resolver {
 public:
  explicit Resolver(const std::vector<IpAddress>& addresses) {
    for (const IpAddress& address : addresses) {
      sockets_.push_back(take(sys::bindUdp(address, kPort)));
      sockets_.push_back(take(sys::bindTcp(address, kPort)));
    }
  }

  /// Waits for one query of this type, and answers with the asker's address.
  void answerOne(int type) {
    const std::size_t first = type == SOCK_DGRAM ? 0 : 1;
    std::vector<pollfd> waits;
    for (std::size_t i = first; i < sockets_.size(); i += 2) {
      waits.push_back({sockets_[i].get(), POLLIN, 0});
    }
    ::poll(waits.data(), waits.size(), 3000);
    for (const pollfd& wait : waits) {
      if (wait.revents != 0) {
        type == SOCK_DGRAM ? answerDatagram(wait.fd) : answerConnection(wait.fd);
        return;
      }
    }
  }

 private:
  static Fd take(Result<Fd> made) {
    EXPECT_TRUE(made) << made.error().text();
    return made ? std::move(*made) : Fd();
  }

  static void answerDatagram(int fd) {
    char query = 0;
    SocketAddress peer;
    EXPECT_EQ(::recvfrom(fd, &query, 1, 0, peer.get(), &peer.size), 1);
    const std::string text = testing::nameOf(testing::ipOf(peer));
    EXPECT_GT(::sendto(fd, text.data(), text.size(), 0, peer.get(), peer.size), 0)
        << std::strerror(errno);
  }

  static void answerConnection(int fd) {
    SocketAddress peer;
    const Fd connection(::accept4(fd, peer.get(), &peer.size, SOCK_CLOEXEC));
    char query = 0;
    EXPECT_EQ(::recv(connection.get(), &query, 1, 0), 1);
    const std::string text = testing::nameOf(testing::ipOf(peer));
    EXPECT_GT(::send(connection.get(), text.data(), text.size(), 0), 0);
  }

  std::vector<Fd> sockets_;
};

/// "resolver sees pod-a", or what happened instead. The client's socket is connected, so it takes
/// answers from the address that it asked and from no other. `answer` has the server at work.
template <class Answer>
std::string ask(const ServiceNode& node, const Dual& from, const Dual& to, int type,
                Answer answer) {
  const IpAddress address = node.ip(to);
  const Fd client =
      node.network().at(from.host, [&] { return testing::startConnecting(type, address, kPort); });
  if (type == SOCK_STREAM && !readable(client.get(), 3000, POLLOUT)) {
    return "no connection";
  }
  if (::send(client.get(), "?", 1, 0) != 1) {
    return std::strerror(errno);
  }
  answer();
  char text[64] = {};
  if (!readable(client.get())) {
    return "no answer";
  }
  const ssize_t size = ::recv(client.get(), text, sizeof text, 0);
  return size < 0 ? std::strerror(errno)
                  : "resolver sees " + std::string(text, static_cast<std::size_t>(size));
}

std::string ask(const ServiceNode& node, Resolver& resolver, const Dual& from, const Dual& to,
                int type) {
  return ask(node, from, to, type, [&] { resolver.answerOne(type); });
}

/// Flows that connection tracking knows to or from any of these addresses.
std::vector<std::string> tracked(ServiceNode& node, const std::vector<IpAddress>& addresses) {
  std::vector<std::string> found;
  const auto flows = node.conntrack().dump();
  EXPECT_TRUE(flows);
  for (const sys::Flow& flow : *flows) {
    for (const IpAddress& address : addresses) {
      if (flow.original.destination == address || flow.original.source == address) {
        found.push_back(flow.text());
      }
    }
  }
  return found;
}

kube::ObjectPtr dnsService() {
  return testing::service("kube-dns", "10.96.0.10,fd00:96::10", kPorts);
}

/// A node with a DNS Service whose endpoint is elsewhere.
class Node : public ServiceNode {
 public:
  explicit Node(IpFamily family, const Tweak& tweak = {}) : ServiceNode(family, tweak) {
    serve(dnsService(), testing::slice("kube-dns", {local(kPodB)}, kTargets));
  }
  std::vector<IpAddress> addresses() const { return {ip(kClusterIp), ip(kLinkLocal)}; }
};

class DnsDoorTest : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, DnsDoorTest, testing::kBothFamilies, testing::familyName);

TEST_P(DnsDoorTest, LeadsPodsAndTheNodeToTheServerUntracked) {
  inNamespaces([] {
    Node node(GetParam());
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(node.addresses());
    ASSERT_OK(door->serve(node.addresses()));
    for (const Dual& from : {kPodA, kPodB, kNode, kPodX}) {
      for (const Dual& to : {kClusterIp, kLinkLocal}) {
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
          // What comes from another node or this one has whichever of its addresses routing gave
          // it.
          const std::string seen = ask(node, resolver, from, to, type);
          EXPECT_THAT(seen, HasSubstr("resolver sees ")) << from.name << " to " << to.name;
          if (from.first) {
            EXPECT_EQ(seen, fmt::format("resolver sees {}", from.name)) << " to " << to.name;
          }
        }
      }
    }
    EXPECT_THAT(tracked(node, node.addresses()), ::testing::IsEmpty());
    ASSERT_OK(door->serve({}));
    EXPECT_EQ(node.udp(kPodA, kClusterIp, kPort), "pod-b:5353 sees pod-a");
    EXPECT_THAT(tracked(node, node.addresses()), ::testing::SizeIs(1));
  });
}

TEST_P(DnsDoorTest, LeavesOtherPortsAndServicesAlone) {
  inNamespaces([] {
    Node node(GetParam());
    node.serve(testing::service("web", "10.96.0.11,fd00:96::11", {{"http", "TCP", 53}}),
               testing::slice("web", {node.local(kPodB)}, {{"http", "TCP", testing::kTcpPort}}));
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(node.addresses());
    ASSERT_OK(door->serve(node.addresses()));
    EXPECT_EQ(node.tcp(kPodA, testing::kClusterIp2, 53), "pod-b:8080 sees pod-a");
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, 54), "refused");
  });
}

TEST_P(DnsDoorTest, IgnoresWhatTheServiceTableRefusesOrDrops) {
  inNamespaces([] {
    const auto tweak = [](rules::Options& options) {
      options.serviceCidrs = {*Cidr::parse("10.96.0.0/16"), *Cidr::parse("fd00:96::/112")};
    };
    Node node(GetParam(), tweak);
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(node.addresses());
    ASSERT_OK(door->serve(node.addresses()));
    node.update(testing::slice("kube-dns", {}, kTargets));
    EXPECT_EQ(ask(node, resolver, kPodA, kClusterIp, SOCK_DGRAM), "resolver sees pod-a");
    EXPECT_EQ(ask(node, resolver, kNode, kClusterIp, SOCK_STREAM), "resolver sees node");
    node.removeService(dnsService());
    EXPECT_EQ(ask(node, resolver, kPodA, kClusterIp, SOCK_STREAM), "resolver sees pod-a");
    EXPECT_EQ(ask(node, resolver, kNode, kClusterIp, SOCK_DGRAM), "resolver sees node");
  });
}

TEST_P(DnsDoorTest, StandsUpToTheStrictestRoutingSettings) {
  inNamespaces([] {
    Node node(GetParam());
    // Reverse path filtering, with and without marks; marks that answers inherit from queries.
    for (const char* setting :
         {"ipv4/conf/all/rp_filter", "ipv4/conf/all/src_valid_mark", "ipv4/tcp_fwmark_accept",
          "ipv4/fwmark_reflect", "ipv6/fwmark_reflect"}) {
      ASSERT_TRUE(testing::writeProcFile(("/proc/sys/net/" + std::string(setting)).c_str(), "1"))
          << setting;
    }
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(node.addresses());
    ASSERT_OK(door->serve(node.addresses()));
    for (const Dual& from : {kPodA, kNode}) {
      for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        EXPECT_EQ(ask(node, resolver, from, kClusterIp, type),
                  fmt::format("resolver sees {}", from.name));
      }
    }
  });
}

TEST_P(DnsDoorTest, QueriesReachTheServiceWhenTheOwnerIsKilled) {
  inNamespaces([] {
    Node node(GetParam());
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t owner = ::fork();
    if (owner == 0) {
      auto door = DnsDoor::open();
      Resolver resolver(node.addresses());
      const bool open = door && door->serve(node.addresses());
      [[maybe_unused]] const auto written = ::write(ready[1], open ? "1" : "0", 1);
      for (;;) {
        resolver.answerOne(SOCK_DGRAM);
      }
    }
    char open = 0;
    ASSERT_EQ(::read(ready[0], &open, 1), 1);
    ASSERT_EQ(open, '1');
    EXPECT_EQ(ask(node, kPodA, kClusterIp, SOCK_DGRAM, [] {}), "resolver sees pod-a");
    EXPECT_EQ(ask(node, kNode, kClusterIp, SOCK_DGRAM, [] {}), "resolver sees node");
    EXPECT_THAT(outputOf("nft list tables"), HasSubstr("hitless-dns"));
    ASSERT_EQ(::kill(owner, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(owner, &status, 0), owner);
    // The kernel has closed its sockets by the time that it is reaped.
    EXPECT_THAT(outputOf("nft list tables"), Not(HasSubstr("hitless-dns")));
    EXPECT_EQ(node.udp(kPodA, kClusterIp, kPort), "pod-b:5353 sees pod-a");
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, kPort), "pod-b:8080 sees pod-a");
    EXPECT_EQ(node.udp(kNode, kClusterIp, kPort), "pod-b:5353 sees node");
    EXPECT_EQ(node.tcp(kNode, kClusterIp, kPort), "pod-b:8080 sees node");
  });
}

TEST_P(DnsDoorTest, AClientsSocketOutlivesTheServer) {
  inNamespaces([] {
    Node node(GetParam());
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    std::optional<Resolver> resolver(node.addresses());
    ASSERT_OK(door->serve(node.addresses()));
    testing::Visit visit;
    visit.client = node.network().at(kPodA.host, [&] {
      return testing::startConnecting(SOCK_DGRAM, node.ip(kClusterIp), kPort);
    });
    ASSERT_EQ(::send(visit.client.get(), "?", 1, 0), 1);
    resolver->answerOne(SOCK_DGRAM);
    char answer[64];
    ASSERT_TRUE(readable(visit.client.get()));
    ASSERT_GT(::recv(visit.client.get(), answer, sizeof answer, 0), 0);
    resolver.reset();
    ASSERT_OK(door->serve({}));
    node.askAgain(visit, kPodA);
    EXPECT_EQ(visit.outcome, "pod-b:5353 sees pod-a");
  });
}

TEST_P(DnsDoorTest, ServesWhatTheLastCallSaid) {
  inNamespaces([] {
    Node node(GetParam());
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(node.addresses());
    ASSERT_OK(door->serve({node.ip(kLinkLocal)}));
    EXPECT_EQ(node.udp(kPodA, kClusterIp, kPort), "pod-b:5353 sees pod-a");
    ASSERT_OK(door->serve({node.ip(kClusterIp)}));
    EXPECT_EQ(ask(node, resolver, kPodA, kClusterIp, SOCK_DGRAM), "resolver sees pod-a");
    const std::string routes = outputOf("(ip route show table 5300; ip -6 route show table 5300)");
    EXPECT_THAT(routes, HasSubstr("local " + node.text(kClusterIp)));
    EXPECT_THAT(routes, Not(HasSubstr(node.text(kLinkLocal))));
    ASSERT_OK(door->serve({}));
    EXPECT_EQ(node.udp(kPodA, kClusterIp, kPort), "pod-b:5353 sees pod-a");
    EXPECT_EQ(node.tcp(kNode, kClusterIp, kPort), "pod-b:8080 sees node");
  });
}

const std::vector<IpAddress> kBothAddresses = {*IpAddress::parse("10.96.0.10"),
                                               *IpAddress::parse("fd00:96::10")};

/// Gives every privilege up but these.
bool keepOnly(std::uint32_t capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> data{{{capabilities, capabilities, 0}, {}}};
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

TEST(DnsDoor, NeedsNetAdminAndNetBindService) {
  inNamespaces([] {
    ASSERT_EQ(outputOf("ip link set lo up"), "");
    ASSERT_EQ(outputOf("ip addr add 192.0.2.1/32 dev lo; ip route add default dev lo"), "");
    ASSERT_TRUE(keepOnly(1U << CAP_NET_ADMIN | 1U << CAP_NET_BIND_SERVICE));
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    Resolver resolver(kBothAddresses);
    ASSERT_OK(door->serve(kBothAddresses));
    const Fd client = testing::startConnecting(SOCK_DGRAM, kBothAddresses[0], kPort);
    ASSERT_EQ(::send(client.get(), "?", 1, 0), 1);
    resolver.answerOne(SOCK_DGRAM);
    EXPECT_TRUE(readable(client.get()));
  });
  inNamespaces([] {
    ASSERT_TRUE(keepOnly(1U << CAP_NET_BIND_SERVICE));
    const auto refused = DnsDoor::open();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("CAP_NET_ADMIN is needed"));
  });
}

}  // namespace
}  // namespace hitless::app
