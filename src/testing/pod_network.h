#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/netlink/link.h"
#include "testing/network_settings.h"
#include "testing/sockets.h"

namespace hitless::testing {

/// Hosts in network namespaces of their own around a router, which is the namespace that the test
/// is in: what one sends to another is forwarded there. One test process.
class PodNetwork {
 public:
  /// Runs `body` with the thread inside the host's namespace.
  template <class Body>
  auto at(std::size_t host, Body body) const {
    return within(netns_[host].get(), body);
  }

  /// Addresses of each host, at most one of each family.
  explicit PodNetwork(std::vector<std::vector<IpAddress>> hosts) : addresses_(std::move(hosts)) {
    prepareNamespace();
    EXPECT_TRUE(links().setUp("lo"));
    makeRouter();
    for (std::size_t host = 0; host < addresses_.size(); ++host) {
      addHost(host);
    }
    awaitAddresses();
    for (std::size_t host = 0; host < addresses_.size(); ++host) {
      at(host, [] {
        awaitAddresses();
        return 0;
      });
      awaitPath(host);
    }
  }

  std::size_t size() const { return addresses_.size(); }
  const std::vector<IpAddress>& addresses(std::size_t host) const { return addresses_[host]; }
  /// The host that has it.
  std::optional<std::size_t> hostOf(const IpAddress& address) const {
    for (std::size_t host = 0; host < addresses_.size(); ++host) {
      for (const IpAddress& own : addresses_[host]) {
        if (own == address) {
          return host;
        }
      }
    }
    return std::nullopt;
  }

 private:
  static sys::Links links() {
    auto links = sys::Links::open();
    EXPECT_TRUE(links);
    return std::move(*links);
  }
  /// The router's, at every host's link.
  static IpAddress gateway(IpFamily family) {
    return *IpAddress::parse(family == IpFamily::kV4 ? "169.254.1.1" : "fd00:ffff::1");
  }
  static Cidr whole(const IpAddress& address) {
    return {address, static_cast<std::uint8_t>(address.bytes().size() * 8)};
  }

  void addHost(std::size_t host) {
    const std::string interface = fmt::format("pod-{}", host);
    const Fd router(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    netns_.emplace_back(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    prepareNamespace();
    EXPECT_EQ(::setns(router.get(), CLONE_NEWNET), 0);
    EXPECT_TRUE(links().addVeth(interface, "eth0", netns_.back().get()));
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      EXPECT_TRUE(links().addAddress(interface, whole(gateway(family))));
    }
    EXPECT_TRUE(links().setUp(interface));
    at(host, [&] {
      EXPECT_TRUE(links().setUp("lo"));
      for (const IpAddress& address : addresses_[host]) {
        EXPECT_TRUE(links().addAddress("eth0", whole(address)));
      }
      EXPECT_TRUE(links().setUp("eth0"));
      for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
        EXPECT_TRUE(links().addLinkRoute(whole(gateway(family)), "eth0"));
        EXPECT_TRUE(links().addDefaultRoute(gateway(family)));
      }
      return 0;
    });
    EXPECT_TRUE(links().settle(interface));
    for (const IpAddress& address : addresses_[host]) {
      EXPECT_TRUE(links().addLinkRoute(whole(address), interface));
    }
  }

  /// Until neighbours know each other: a refusal shows that the path is there.
  void awaitPath(std::size_t host) const {
    constexpr std::uint16_t kNobodyListens = 1;
    for (const IpAddress& address : addresses_[host]) {
      const Fd probe = startConnecting(SOCK_STREAM, address, kNobodyListens);
      EXPECT_TRUE(readable(probe.get(), 5000, POLLOUT)) << "no path to " << address.text();
    }
  }

  std::vector<std::vector<IpAddress>> addresses_;
  std::vector<Fd> netns_;
};

}  // namespace hitless::testing
