#include "sys/netlink/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using ::testing::Not;
using testing::outputOf;

Cidr cidr(const char* text) {
  return *Cidr::parse(text);
}
IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

/// A new network namespace; the caller stays in its own.
int newNetns() {
  const int home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
  const int made = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::setns(home, CLONE_NEWNET), 0);
  ::close(home);
  return made;
}

TEST(Links, AnEndThatGoesDownTakesTheOthersCarrier) {
  inNamespaces([] {
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addVeth("a", "b", -1));
    ASSERT_OK(links->setUp("a"));
    ASSERT_OK(links->setUp("b"));
    EXPECT_THAT(outputOf("ip link show b"), HasSubstr("LOWER_UP"));
    ASSERT_OK(links->setDown("a"));
    EXPECT_THAT(outputOf("ip link show b"), Not(HasSubstr("LOWER_UP")));
    EXPECT_THAT(outputOf("ip link show b"), HasSubstr("NO-CARRIER"));
    ASSERT_OK(links->setUp("a"));
    EXPECT_THAT(outputOf("ip link show b"), HasSubstr("LOWER_UP"));
    EXPECT_FALSE(links->setDown("nothing"));
  });
}

TEST(Links, BridgeWithPortsAddressesAndRoutes) {
  inNamespaces([] {
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addBridge("br0"));
    ASSERT_OK(links->addAddress("br0", cidr("10.244.1.1/24")));
    ASSERT_OK(links->addAddress("br0", cidr("fd00::1/64")));
    ASSERT_OK(links->setUp("br0"));
    ASSERT_OK(links->addVeth("p0", "p1", -1));
    ASSERT_OK(links->setMaster("p0", "br0", true));
    ASSERT_OK(links->setUp("p0"));
    ASSERT_OK(links->setUp("p1"));
    ASSERT_OK(links->addRoute(cidr("10.244.2.0/24"), ip("10.244.1.9")));
    ASSERT_OK(links->addLinkRoute(cidr("10.99.0.0/16"), "br0"));
    ASSERT_OK(links->addDefaultRoute(ip("10.244.1.254")));
    ASSERT_OK(links->addDefaultRoute(ip("fd00::fe")));

    EXPECT_THAT(outputOf("ip -d link show br0"), HasSubstr("forward_delay 0"));
    EXPECT_THAT(outputOf("ip -d link show p0"), HasSubstr("hairpin on"));
    EXPECT_THAT(outputOf("ip addr show br0"), HasSubstr("inet 10.244.1.1/24 brd 10.244.1.255"));
    EXPECT_THAT(outputOf("ip addr show br0"), HasSubstr("fd00::1/64 scope global nodad"));
    const std::string routes = outputOf("ip route");
    EXPECT_THAT(routes, HasSubstr("10.244.2.0/24 via 10.244.1.9 dev br0"));
    EXPECT_THAT(routes, HasSubstr("10.99.0.0/16 dev br0"));
    EXPECT_THAT(routes, HasSubstr("default via 10.244.1.254"));
    EXPECT_THAT(outputOf("ip -6 route"), HasSubstr("default via fd00::fe"));

    ASSERT_OK(links->removeRoute(cidr("10.244.2.0/24")));
    ASSERT_OK(links->removeRoute(cidr("10.99.0.0/16")));
    EXPECT_THAT(outputOf("ip route"), Not(HasSubstr("10.244.2.0")));
    EXPECT_TRUE(*links->exists("p1"));
    ASSERT_OK(links->remove("p0"));
    EXPECT_FALSE(*links->exists("p1"));
  });
}

TEST(Links, ThePeerIsBornInTheOtherNamespace) {
  inNamespaces([] {
    const int other = newNetns();
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addVeth("h0", "eth0", other));
    EXPECT_TRUE(*links->exists("h0"));
    EXPECT_FALSE(*links->exists("eth0"));
    ASSERT_EQ(::setns(other, CLONE_NEWNET), 0);
    auto inside = Links::open();
    ASSERT_OK(inside);
    EXPECT_TRUE(*inside->exists("eth0"));
    // The first object still belongs to the namespace that it was opened in.
    EXPECT_TRUE(*links->exists("h0"));
    ASSERT_OK(links->remove("h0"));
    EXPECT_FALSE(*inside->exists("eth0"));
  });
}

/// A datagram from a new pod to its gateway, the moment the pod's interface is made; true if it
/// arrives.
bool firstPacketArrives(int number) {
  const std::string bridge = fmt::format("br{}", number);
  const IpAddress gateway = IpAddress::v4(0x0af40001 + static_cast<std::uint32_t>(number) * 256);
  const IpAddress pod = IpAddress::v4(gateway.v4HostOrder() + 4);
  const int other = newNetns();
  const int home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  auto links = Links::open();
  EXPECT_TRUE(links->addBridge(bridge));
  EXPECT_TRUE(links->addAddress(bridge, {gateway, 24}));
  EXPECT_TRUE(links->setUp(bridge));
  const std::string port = fmt::format("port{}", number);
  EXPECT_TRUE(links->addVeth(port, "eth0", other));
  EXPECT_TRUE(links->setMaster(port, bridge, false));
  EXPECT_TRUE(links->setUp(port));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(gateway.v4HostOrder());
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  const int server = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const timeval patience{0, 500'000};
  ::setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::bind(server, to, sizeof address), 0);

  EXPECT_EQ(::setns(other, CLONE_NEWNET), 0);
  {
    auto inside = Links::open();
    EXPECT_TRUE(inside->addAddress("eth0", {pod, 24}));
    EXPECT_TRUE(inside->setUp("eth0"));
  }
  EXPECT_TRUE(links->settle(port));
  EXPECT_TRUE(links->settle(bridge));
  const int client = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::sendto(client, "x", 1, 0, to, sizeof address), 1);
  EXPECT_EQ(::setns(home, CLONE_NEWNET), 0);
  char byte = 0;
  const bool arrived = ::recv(server, &byte, 1, 0) == 1;
  for (const int fd : {client, server, other, home}) {
    ::close(fd);
  }
  return arrived;
}

TEST(Links, ASettledPortLosesNoFirstPacket) {
  inNamespaces([] {
    int lost = 0;
    for (int i = 0; i < 20; ++i) {
      lost += firstPacketArrives(i) ? 0 : 1;
    }
    EXPECT_EQ(lost, 0);
  });
}

TEST(Links, ARefusalNamesTheRequest) {
  inNamespaces([] {
    auto links = Links::open();
    ASSERT_OK(links);
    ASSERT_OK(links->addBridge("br0"));
    const auto again = links->addBridge("br0");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(again.error().text(), HasSubstr("add bridge br0"));
    EXPECT_EQ(links->remove("nowhere").error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(links->removeRoute(cidr("10.1.0.0/16")).error().kind, ErrorKind::kNotFound);
    const auto route = links->addRoute(cidr("10.1.0.0/16"), ip("192.0.2.1"));
    ASSERT_FALSE(route);
    EXPECT_THAT(route.error().text(), HasSubstr("add route 10.1.0.0/16 via 192.0.2.1"));
    EXPECT_FALSE(links->addVeth(std::string(40, 'x'), "y", -1));
  });
}

}  // namespace
}  // namespace hitless::sys
