#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/checks/bridge-nf/check.h"
#include "core/doctor/checks/ephemeral-ports/check.h"
#include "core/doctor/checks/ip-forward/check.h"
#include "core/doctor/checks/rp-filter/check.h"
#include "core/doctor/checks/sysctl-flap/check.h"
#include "testing/doctor_node.h"
#include "testing/netns.h"
#include "testing/sockets.h"

/// Faults that a sysctl makes and repairs, as the kernel shows them.
namespace hitless::sys {
namespace {

using doctor::Severity;
using testing::addInterface;
using ::testing::HasSubstr;
using testing::Healer;
using testing::inNamespaces;
using testing::look;
using testing::makePodNode;
using testing::observe;
using testing::outputOf;
using testing::setSysctl;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(SysctlChecks, EphemeralPortsRunOut) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    setSysctl("net/ipv4/ip_local_port_range", "50000 50009");
    const Fd server = testing::serverSocket(SOCK_STREAM, 8080);
    std::vector<Fd> clients;
    for (int i = 0; i < 5; ++i) {
      clients.push_back(testing::startConnecting(SOCK_STREAM, ip("127.0.0.1"), 8080));
    }
    EXPECT_TRUE(look(doctor::kEphemeralPorts).empty());
    for (int i = 0; i < 5; ++i) {
      clients.push_back(testing::startConnecting(SOCK_STREAM, ip("127.0.0.1"), 8080));
    }
    const auto found = look(doctor::kEphemeralPorts);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].severity, Severity::kCritical);
    EXPECT_THAT(found[0].summary, HasSubstr("10 of 10 local ports"));
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(look(doctor::kEphemeralPorts).empty());
    healer.undo();
    EXPECT_EQ(look(doctor::kEphemeralPorts).size(), 1U);
  });
}

/// A packet from an address that this namespace would answer through another interface, and one
/// behind it that comes through whatever the filter does.
void sendFromElsewhere(const Fd& outside) {
  const Fd server = testing::serverSocket(SOCK_DGRAM, 9);
  testing::within(outside.get(), [] {
    for (const char* source : {"172.16.5.5", "10.9.0.2"}) {
      const Fd fd = testing::startConnecting(SOCK_DGRAM, ip("10.9.0.1"), 9, ip(source));
      EXPECT_EQ(::send(fd.get(), source, 2, 0), 2);
    }
    return 0;
  });
  char got[2] = {};
  while (got[1] != '0') {
    ASSERT_TRUE(testing::readable(server.get()));
    ASSERT_EQ(::recv(server.get(), got, sizeof got, 0), 2);
  }
}

/// veth0 here has 10.9.0.1, its other end 10.9.0.2; 172.16.5.0/24 is routed through another one.
Fd makeTwoWays() {
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
  Fd outside(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
  EXPECT_TRUE(Links::open()->addVeth("veth0", "eth0", outside.get()));
  addInterface("other");
  EXPECT_EQ(outputOf("ip link set veth0 address 02:00:00:00:00:01 up; ip addr add 10.9.0.1/24 dev "
                     "veth0; ip route add 172.16.5.0/24 dev other"),
            "");
  testing::within(outside.get(), [] {
    EXPECT_EQ(outputOf("ip link set lo up; ip addr add 10.9.0.2/24 dev eth0; ip addr add "
                       "172.16.5.5/32 dev lo; ip link set eth0 up; ip neigh add 10.9.0.1 lladdr "
                       "02:00:00:00:00:01 dev eth0"),
              "");
    return 0;
  });
  return outside;
}

TEST(SysctlChecks, TheReversePathFilterDrops) {
  inNamespaces([] {
    const Fd outside = makeTwoWays();
    setSysctl("net/ipv4/conf/veth0/rp_filter", "1");
    const auto spoof = [&] { sendFromElsewhere(outside); };
    EXPECT_TRUE(look(doctor::kRpFilter).empty());
    const auto found = doctor::kRpFilter.run(observe(doctor::kRpFilter, spoof));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].summary, HasSubstr("dropped 1 packets"));
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(doctor::kRpFilter.run(observe(doctor::kRpFilter, spoof)).empty());
    healer.undo();
    EXPECT_EQ(doctor::kRpFilter.run(observe(doctor::kRpFilter, spoof)).size(), 1U);
  });
}

TEST(SysctlChecks, BridgedPacketsPassByTheRules) {
  inNamespaces([] {
    makePodNode();
    setSysctl("net/bridge/bridge-nf-call-iptables", "0");
    EXPECT_TRUE(look(doctor::kBridgeNf).empty()) << "no rules for Services";
    ASSERT_EQ(outputOf("iptables-nft -t nat -N KUBE-SERVICES"), "");
    const auto found = look(doctor::kBridgeNf);
    ASSERT_EQ(found.size(), 1U);
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(look(doctor::kBridgeNf).empty());
    healer.undo();
    EXPECT_EQ(look(doctor::kBridgeNf).size(), 1U);
  });
}

TEST(SysctlChecks, ForwardingIsOff) {
  inNamespaces([] {
    makePodNode();
    for (const char* sysctl : {"net/ipv4/ip_forward", "net/ipv4/conf/cni0/forwarding"}) {
      setSysctl(sysctl, "0");
      const auto found = look(doctor::kIpForward);
      ASSERT_EQ(found.size(), 1U) << sysctl;
      EXPECT_EQ(found[0].subject, sysctl);
      Healer healer;
      healer.repair(found);
      EXPECT_TRUE(look(doctor::kIpForward).empty());
      healer.undo();
      EXPECT_EQ(look(doctor::kIpForward).size(), 1U);
      setSysctl("net/ipv4/ip_forward", "1");
    }
  });
}

TEST(SysctlChecks, AnIpv6RouterIsNoLongerHeard) {
  inNamespaces([] {
    addInterface("eth0");
    ASSERT_EQ(outputOf("ip addr add 2001:db8::5/64 dev eth0"), "");
    setSysctl("net/ipv6/conf/eth0/accept_ra", "1");
    EXPECT_TRUE(look(doctor::kIpForward).empty());
    setSysctl("net/ipv6/conf/all/forwarding", "1");
    const auto found = look(doctor::kIpForward);
    ASSERT_EQ(found.size(), 1U);
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(look(doctor::kIpForward).empty());
    healer.undo();
    EXPECT_EQ(look(doctor::kIpForward).size(), 1U);
  });
}

TEST(SysctlChecks, SomebodyElseWritesASysctl) {
  inNamespaces([] {
    const auto evidence =
        observe(doctor::kSysctlFlap, [] { setSysctl("net/ipv4/ip_forward", "1"); });
    const auto found = doctor::kSysctlFlap.run(evidence);
    ASSERT_EQ(found.size(), 2U) << "conf/all/forwarding is the same parameter";
    EXPECT_THAT(found[0].summary, HasSubstr("changed from 0 to 1"));
  });
}

}  // namespace
}  // namespace hitless::sys
