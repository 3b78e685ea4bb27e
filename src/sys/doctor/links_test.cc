#include "sys/doctor/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sys/container/fd.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;

const doctor::Interface* named(const doctor::Network& network, std::string_view name) {
  const auto it = std::find_if(network.interfaces.begin(), network.interfaces.end(),
                               [&](const auto& one) { return one.name == name; });
  return it == network.interfaces.end() ? nullptr : &*it;
}

TEST(ReadNetwork, SeesWhatIsThere) {
  inNamespaces([] {
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addBridge("cni0"));
    ASSERT_OK(links->addAddress("cni0", *Cidr::parse("10.42.0.1/24")));
    ASSERT_OK(links->addVeth("a", "b", -1));
    ASSERT_OK(links->setMaster("a", "cni0", false));
    for (const char* name : {"lo", "cni0", "a", "b"}) {
      ASSERT_OK(links->setUp(name));
    }
    ASSERT_EQ(testing::outputOf("ip link add vx type vxlan id 3 dstport 4789 local 10.42.0.1 dev "
                                "cni0; ip route add blackhole 10.50.0.0/26; ip route add 10.50.0.7 "
                                "dev b; ip neigh add 10.42.0.9 dev cni0 nud failed"),
              "");
    const auto network = readNetwork();
    ASSERT_OK(network);
    const auto* bridge = named(*network, "cni0");
    const auto* port = named(*network, "a");
    const auto* tunnel = named(*network, "vx");
    ASSERT_TRUE(bridge != nullptr && port != nullptr && tunnel != nullptr);
    EXPECT_EQ(port->master, bridge->index);
    EXPECT_EQ(port->kind, "veth");
    EXPECT_FALSE(port->peerNetns);
    EXPECT_EQ(tunnel->lower, bridge->index);
    EXPECT_EQ(tunnel->local, IpAddress::parse("10.42.0.1"));
    ASSERT_EQ(doctor::podNetworks(*network).size(), 2U);
    const auto dead =
        std::find_if(network->neighbours.begin(), network->neighbours.end(),
                     [](const auto& one) { return one.address == *IpAddress::parse("10.42.0.9"); });
    ASSERT_NE(dead, network->neighbours.end());
    EXPECT_TRUE(dead->silent());
    EXPECT_EQ(*doctor::parseNetwork(doctor::renderNetwork(*network)), *network);

    NetworkLimits few;
    few.routes = 1;
    const auto cut = readNetwork(few);
    ASSERT_OK(cut);
    EXPECT_TRUE(cut->routesCut);
  });
}

TEST(ReadNetwork, TellsWhichNamespaceAnEndIsIn) {
  inNamespaces([] {
    const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    const Fd other(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t inside = ::fork();
    if (inside == 0) {
      char byte = 0;
      ::close(ready[1]);
      (void)!::read(ready[0], &byte, 1);
      ::_exit(0);
    }
    ASSERT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addVeth("h0", "eth0", other.get()));
    const auto processesBehind = [] {
      const auto network = readNetwork();
      const auto* end = network ? named(*network, "h0") : nullptr;
      EXPECT_TRUE(end != nullptr && end->peerNetns);
      std::uint32_t count = 0;
      for (const auto& one : network->namespaces) {
        count += end != nullptr && one.id == end->peerNetns ? one.processes : 0;
      }
      return count;
    };
    EXPECT_EQ(processesBehind(), 1U);
    ::close(ready[1]);
    ASSERT_EQ(::waitpid(inside, nullptr, 0), inside);
    EXPECT_EQ(processesBehind(), 0U);
  });
}

}  // namespace
}  // namespace hitless::sys
