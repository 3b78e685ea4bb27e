#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/netlink/link.h"
#include "testing/network_settings.h"
#include "testing/sockets.h"

/// A node, its pods, another node and a client outside the cluster, as network namespaces of one
/// test process. Everything has an address of each family.
///
///     pod-a, pod-b, pod-c --- [br0]  node  eth0 --- node-2, pod-x, pod-y, everything else
///                                    eth1 --- client, client-2
namespace hitless::testing {

enum class Host : std::uint8_t { kNode, kA, kB, kC, kOther, kOutside };

/// An address in both families and the host that has it. As the source of a connection the first
/// one of a host stands for whichever the host chooses.
struct Dual {
  std::string_view name;
  std::string_view v4;
  std::string_view v6;
  Host host = Host::kOther;
  bool first = false;

  std::string text(IpFamily family) const { return std::string(family == IpFamily::kV4 ? v4 : v6); }
  IpAddress in(IpFamily family) const { return *IpAddress::parse(text(family)); }
};

inline constexpr Dual kPodA{"pod-a", "10.244.1.2", "fd00:244:1::2", Host::kA, true};
inline constexpr Dual kPodB{"pod-b", "10.244.1.3", "fd00:244:1::3", Host::kB, true};
inline constexpr Dual kPodC{"pod-c", "10.244.1.4", "fd00:244:1::4", Host::kC, true};
inline constexpr Dual kPodX{"pod-x", "10.244.2.2", "fd00:244:2::2"};
inline constexpr Dual kPodY{"pod-y", "10.244.2.3", "fd00:244:2::3"};
/// The node's primary address, and its two others.
inline constexpr Dual kNode{"node", "172.30.0.1", "fd00:30::1", Host::kNode, true};
inline constexpr Dual kNodeOuter{"node", "192.168.50.1", "fd00:50::1", Host::kNode};
inline constexpr Dual kNodeBridge{"node", "10.244.1.1", "fd00:244:1::1", Host::kNode};
inline constexpr Dual kOtherNode{"node-2", "172.30.0.2", "fd00:30::2", Host::kOther, true};
inline constexpr Dual kClient{"client", "192.168.50.2", "fd00:50::2", Host::kOutside};
inline constexpr Dual kClient2{"client-2", "192.168.50.3", "fd00:50::3", Host::kOutside};
inline constexpr Dual kClusterIp{"cluster-ip", "10.96.0.10", "fd00:96::10"};
inline constexpr Dual kClusterIp2{"cluster-ip-2", "10.96.0.11", "fd00:96::11"};
// These exist outside: what the node does not translate is answered there.
inline constexpr Dual kUnallocated{"unallocated", "10.96.0.99", "fd00:96::99"};
inline constexpr Dual kBalancer{"balancer", "192.0.2.1", "2001:db8:1::1"};
inline constexpr Dual kBalancer2{"balancer-2", "192.0.2.2", "2001:db8:1::2"};
inline constexpr Dual kExternal{"external", "198.51.100.1", "2001:db8:2::1"};
inline constexpr std::array kUpstream = {kUnallocated, kBalancer, kBalancer2, kExternal};

/// "pod-a"; of what has no name the address.
inline std::string nameOf(const IpAddress& ip) {
  constexpr std::array kNamed = {kPodA,    kPodB,        kPodC,       kPodX,      kPodY,
                                 kNode,    kNodeOuter,   kNodeBridge, kOtherNode, kClient,
                                 kClient2, kUnallocated, kBalancer,   kBalancer2, kExternal};
  for (const Dual& known : kNamed) {
    if (known.in(ip.family()) == ip) {
      return std::string(known.name);
    }
  }
  return ip.text();
}

class ServiceNetwork {
 public:
  ServiceNetwork() {
    prepareNamespace();
    setUp("lo");
    EXPECT_TRUE(links().addBridge("br0"));
    addAddresses("br0", kNodeBridge, "24", "64");
    setUp("br0");
    makeRouter();
    for (const Dual& pod : {kPodA, kPodB, kPodC}) {
      addPod(pod);
    }
    addOtherNode();
    addClient();
    awaitAllAddresses();
    awaitPaths();
  }

  /// Runs `body` with the thread inside the namespace of a host.
  template <class Body>
  auto at(Host host, Body body) const {
    return within(netns_[static_cast<std::size_t>(host)].get(), body);
  }

  static sys::Links links() {
    auto links = sys::Links::open();
    EXPECT_TRUE(links);
    return std::move(*links);
  }

  /// To the interface, with these prefix lengths; in the current namespace.
  static void addAddresses(const std::string& interface, const Dual& dual, const std::string& v4,
                           const std::string& v6) {
    EXPECT_TRUE(links().addAddress(interface, *Cidr::parse(dual.text(IpFamily::kV4) + "/" + v4)));
    EXPECT_TRUE(links().addAddress(interface, *Cidr::parse(dual.text(IpFamily::kV6) + "/" + v6)));
  }

 private:
  static void setUp(const std::string& interface) { EXPECT_TRUE(links().setUp(interface)); }

  static void addDefaultRoutes(const Dual& gateway) {
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      EXPECT_TRUE(links().addDefaultRoute(gateway.in(family)));
    }
  }

  /// A new namespace at the other end of a veth pair, whose end here is `interface`.
  int connect(Host host, const std::string& interface) {
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    Fd& netns = netns_[static_cast<std::size_t>(host)];
    netns = Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    prepareNamespace();
    EXPECT_EQ(::setns(netns_[0].get(), CLONE_NEWNET), 0);
    EXPECT_TRUE(links().addVeth(interface, "eth0", netns.get()));
    return netns.get();
  }

  void addPod(const Dual& pod) {
    const std::string interface(pod.name);
    const int netns = connect(pod.host, interface);
    EXPECT_TRUE(links().setMaster(interface, "br0", true));
    setUp(interface);
    within(netns, [&] {
      setUp("lo");
      addAddresses("eth0", pod, "32", "128");
      setUp("eth0");
      for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
        const IpAddress gateway = kNodeBridge.in(family);
        const auto whole = static_cast<std::uint8_t>(gateway.bytes().size() * 8);
        EXPECT_TRUE(links().addLinkRoute({gateway, whole}, "eth0"));
      }
      addDefaultRoutes(kNodeBridge);
      return 0;
    });
    EXPECT_TRUE(links().settle(interface));
    EXPECT_TRUE(links().settle("br0"));
  }

  void addOtherNode() {
    const int netns = connect(Host::kOther, "eth0");
    addAddresses("eth0", kNode, "24", "64");
    setUp("eth0");
    within(netns, [&] {
      setUp("lo");
      addAddresses("eth0", kOtherNode, "24", "64");
      setUp("eth0");
      for (const Dual& ip : {kPodX, kPodY}) {
        addAddresses("lo", ip, "32", "128");
      }
      for (const Dual& ip : kUpstream) {
        addAddresses("lo", ip, "32", "128");
      }
      addDefaultRoutes(kNode);
      return 0;
    });
    EXPECT_TRUE(links().settle("eth0"));
    addDefaultRoutes(kOtherNode);
  }

  void addClient() {
    const int netns = connect(Host::kOutside, "eth1");
    addAddresses("eth1", kNodeOuter, "24", "64");
    setUp("eth1");
    within(netns, [&] {
      setUp("lo");
      addAddresses("eth0", kClient, "24", "64");
      addAddresses("eth0", kClient2, "24", "64");
      setUp("eth0");
      addDefaultRoutes(kNodeOuter);
      return 0;
    });
    EXPECT_TRUE(links().settle("eth1"));
  }

  /// Until every IPv6 address of every host is usable.
  void awaitAllAddresses() const {
    for (const Fd& netns : netns_) {
      within(netns.get(), [] {
        awaitAddresses();
        return 0;
      });
    }
  }

  /// Until neighbours know each other: a refusal by each host shows that its path is there.
  static void awaitPaths() {
    constexpr std::uint16_t kNobodyListens = 1;
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      for (const Dual& host : {kPodA, kPodB, kPodC, kOtherNode, kClient}) {
        const Fd probe = startConnecting(SOCK_STREAM, host.in(family), kNobodyListens);
        EXPECT_TRUE(readable(probe.get(), 5000, POLLOUT)) << "no path to " << host.name;
      }
    }
  }

  std::array<Fd, 6> netns_ = {Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC))};
};

}  // namespace hitless::testing
