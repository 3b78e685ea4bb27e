#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "core/doctor/checks/bridge-nf/check.h"
#include "core/doctor/checks/conntrack-full/check.h"
#include "core/doctor/checks/conntrack-insert-failed/check.h"
#include "core/doctor/checks/ephemeral-ports/check.h"
#include "core/doctor/checks/ip-forward/check.h"
#include "core/doctor/checks/ipset/check.h"
#include "core/doctor/checks/leaked-links/check.h"
#include "core/doctor/checks/mtu/check.h"
#include "core/doctor/checks/neighbour-overflow/check.h"
#include "core/doctor/checks/rp-filter/check.h"
#include "core/doctor/checks/rule-cost/check.h"
#include "core/doctor/checks/stale-conntrack/check.h"
#include "core/doctor/checks/sysctl-flap/check.h"
#include "core/doctor/evidence_names.h"
#include "sys/doctor/ip_sets.h"
#include "sys/netlink/link.h"
#include "testing/doctor_node.h"
#include "testing/netns.h"
#include "testing/sockets.h"

/// Each fault as the kernel shows it. Two bounds are one for the whole machine, and no namespace
/// can have the fault: nf_conntrack_max (read-only in any but the first namespace) and gc_thresh3
/// of neighbours. For those, and for CPUs that are busy, see the checks' own tests.
namespace hitless::sys {
namespace {

using doctor::Check;
using doctor::Severity;
using ::testing::HasSubstr;
using testing::Healer;
using testing::inNamespaces;
using testing::look;
using testing::observe;
using testing::outputOf;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

void set(const std::string& sysctl, const std::string& value) {
  ASSERT_TRUE(testing::writeProcFile(("/proc/sys/" + sysctl).c_str(), value)) << sysctl;
}

/// An interface that is up, with nothing behind its other end.
void addInterface(const std::string& name) {
  auto links = Links::open();
  ASSERT_OK(links);
  ASSERT_OK(links->addVeth(name, name + "-peer", -1));
  ASSERT_OK(links->setUp(name));
  ASSERT_OK(links->setUp(name + "-peer"));
}

/// A node as a bridge CNI makes it: cni0 with one pod's interface on it.
void makePodNode() {
  auto links = Links::open();
  ASSERT_OK(links);
  ASSERT_OK(links->setUp("lo"));
  ASSERT_OK(links->addBridge("cni0"));
  ASSERT_OK(links->addAddress("cni0", *Cidr::parse("10.42.0.1/24")));
  ASSERT_OK(links->addVeth("veth0", "peer0", -1));
  ASSERT_OK(links->setMaster("veth0", "cni0", true));
  for (const char* name : {"cni0", "veth0", "peer0"}) {
    ASSERT_OK(links->setUp(name));
  }
  set("net/ipv4/ip_forward", "1");
  set("net/bridge/bridge-nf-call-iptables", "1");
}

TEST(NetworkChecks, AreSilentWhereNothingIsWrong) {
  const std::vector<const Check*> checks = {
      &doctor::kConntrackFull,  &doctor::kConntrackInsertFailed,
      &doctor::kStaleConntrack, &doctor::kNeighbourOverflow,
      &doctor::kEphemeralPorts, &doctor::kRpFilter,
      &doctor::kBridgeNf,       &doctor::kIpForward,
      &doctor::kSysctlFlap,     &doctor::kIpSet,
      &doctor::kLeakedLinks,    &doctor::kMtu,
      &doctor::kRuleCost};
  const auto expectSilence = [&](const char* where) {
    for (const Check* check : checks) {
      const auto found = look(*check);
      EXPECT_TRUE(found.empty()) << where << ", " << check->id << ": " << found[0].summary;
    }
  };
  inNamespaces([&] { expectSilence("an empty namespace"); });
  inNamespaces([&] {
    makePodNode();
    ASSERT_EQ(outputOf("iptables-nft -t nat -N KUBE-SERVICES"), "");
    expectSilence("a node with a pod");
  });
}

TEST(NetworkChecks, LostInsertions) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    // Two clients, one port to translate both to: the second entry collides with the first.
    ASSERT_EQ(outputOf("nft 'add table t; add chain t c { type nat hook postrouting priority 100; "
                       "}; add rule t c udp dport 9000 snat to 127.0.0.1:5000'"),
              "");
    const auto evidence = observe(doctor::kConntrackInsertFailed, [] {
      for (int client = 0; client < 3; ++client) {
        const Fd fd = testing::startConnecting(SOCK_DGRAM, ip("127.0.0.1"), 9000);
        (void)::send(fd.get(), "x", 1, 0);
      }
    });
    const auto found = doctor::kConntrackInsertFailed.run(evidence);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].summary, HasSubstr("2 packets were lost"));
  });
}

TEST(NetworkChecks, StaleConnections) {
  inNamespaces([] {
    makePodNode();
    ASSERT_EQ(
        outputOf("nft 'add table t; add chain t c { type nat hook output priority -100; }; "
                 "add rule t c ip daddr 10.96.0.10 udp dport 53 dnat to 10.42.0.9:53'; "
                 "ip route add 10.96.0.0/12 dev cni0; "
                 "ip neigh replace 10.42.0.9 dev cni0 lladdr 02:00:00:00:00:09 nud reachable"),
        "");
    const Fd client = testing::startConnecting(SOCK_DGRAM, ip("10.96.0.10"), 53);
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    EXPECT_TRUE(look(doctor::kStaleConntrack).empty()) << "the pod lives";
    ASSERT_EQ(outputOf("ip neigh replace 10.42.0.9 dev cni0 nud failed"), "");
    const auto found = look(doctor::kStaleConntrack);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].severity, Severity::kCritical);
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(look(doctor::kStaleConntrack).empty());
  });
}

TEST(NetworkChecks, EphemeralPortsRunOut) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    set("net/ipv4/ip_local_port_range", "50000 50009");
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

TEST(NetworkChecks, TheReversePathFilterDrops) {
  inNamespaces([] {
    const Fd outside = makeTwoWays();
    set("net/ipv4/conf/veth0/rp_filter", "1");
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

TEST(NetworkChecks, BridgedPacketsPassByTheRules) {
  inNamespaces([] {
    makePodNode();
    set("net/bridge/bridge-nf-call-iptables", "0");
    const auto check = [] {
      auto evidence = observe(doctor::kBridgeNf, [] {});
      evidence.samples.back().files[std::string(doctor::names::kNftRules4)] =
          "*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n";
      return doctor::kBridgeNf.run(evidence);
    };
    const auto found = check();
    ASSERT_EQ(found.size(), 1U);
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(check().empty());
    healer.undo();
    EXPECT_EQ(check().size(), 1U);
  });
}

TEST(NetworkChecks, ForwardingIsOff) {
  inNamespaces([] {
    makePodNode();
    for (const char* sysctl : {"net/ipv4/ip_forward", "net/ipv4/conf/cni0/forwarding"}) {
      set(sysctl, "0");
      const auto found = look(doctor::kIpForward);
      ASSERT_EQ(found.size(), 1U) << sysctl;
      EXPECT_EQ(found[0].subject, sysctl);
      Healer healer;
      healer.repair(found);
      EXPECT_TRUE(look(doctor::kIpForward).empty());
      healer.undo();
      EXPECT_EQ(look(doctor::kIpForward).size(), 1U);
      set("net/ipv4/ip_forward", "1");
    }
  });
}

TEST(NetworkChecks, AnIpv6RouterIsNoLongerHeard) {
  inNamespaces([] {
    addInterface("eth0");
    ASSERT_EQ(outputOf("ip addr add 2001:db8::5/64 dev eth0"), "");
    set("net/ipv6/conf/eth0/accept_ra", "1");
    EXPECT_TRUE(look(doctor::kIpForward).empty());
    set("net/ipv6/conf/all/forwarding", "1");
    const auto found = look(doctor::kIpForward);
    ASSERT_EQ(found.size(), 1U);
    Healer healer;
    healer.repair(found);
    EXPECT_TRUE(look(doctor::kIpForward).empty());
    healer.undo();
    EXPECT_EQ(look(doctor::kIpForward).size(), 1U);
  });
}

TEST(NetworkChecks, SomebodyElseWritesASysctl) {
  inNamespaces([] {
    const auto evidence = observe(doctor::kSysctlFlap, [] { set("net/ipv4/ip_forward", "1"); });
    const auto found = doctor::kSysctlFlap.run(evidence);
    ASSERT_EQ(found.size(), 2U) << "conf/all/forwarding is the same parameter";
    EXPECT_THAT(found[0].summary, HasSubstr("changed from 0 to 1"));
  });
}

TEST(NetworkChecks, IpSetsFullAndLeftOver) {
  inNamespaces([] {
    auto sets = IpSets::open();
    if (!sets && sets.error().kind == ErrorKind::kNotFound) {
      GTEST_SKIP() << sets.error().text();
    }
    ASSERT_OK(sets);
    auto full = netlink::hashOfAddresses("full", 10);
    for (std::uint32_t i = 0; i < 9; ++i) {
      full.members.push_back(netlink::addressMember(0x0a000000 + i));
    }
    ASSERT_OK(sets->create(full));
    ASSERT_OK(sets->create(netlink::hashOfAddresses("weave-old", 10)));
    const auto found = look(doctor::kIpSet);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].summary, "IP set full holds 9 of 10 members (90 %)");
    EXPECT_EQ(found[1].owner, "weave");
    Healer healer;
    healer.repair(found);
    EXPECT_EQ(look(doctor::kIpSet).size(), 1U);
    healer.undo();
    EXPECT_EQ(look(doctor::kIpSet).size(), 2U);
  });
}

TEST(NetworkChecks, MtusThatDoNotFit) {
  inNamespaces([] {
    makePodNode();
    addInterface("eth0");
    ASSERT_EQ(outputOf("ip link add flannel.1 type vxlan id 1 dstport 8472 dev eth0; "
                       "ip link set flannel.1 mtu 1450; ip link set flannel.1 up"),
              "");
    EXPECT_TRUE(look(doctor::kMtu).empty());
    ASSERT_EQ(outputOf("ip link set eth0 mtu 1400"), "");
    auto found = look(doctor::kMtu);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].summary,
              "flannel.1 takes packets of 1450 bytes, but eth0 carries no more than 1350");
    ASSERT_EQ(outputOf("ip link set eth0 mtu 1500; ip link set cni0 mtu 1450"), "");
    found = look(doctor::kMtu);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].subject, "cni0");
  });
}

TEST(NetworkChecks, RulesMakePacketsSlow) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    std::string rules = "*filter\n";
    for (int i = 0; i < 60000; ++i) {
      rules += "-A INPUT -s 192.0.2.1/32 -m mark --mark 0x7 -j ACCEPT\n";
    }
    FILE* pipe = ::popen("iptables-legacy-restore", "w");
    ASSERT_NE(pipe, nullptr);
    std::fputs((rules + "COMMIT\n").c_str(), pipe);
    ASSERT_EQ(::pclose(pipe), 0);
    const auto found = look(doctor::kRuleCost);
    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(outputOf("iptables-legacy -F INPUT"), "");
    EXPECT_TRUE(look(doctor::kRuleCost).empty());
  });
}

/// In a mount and process namespace of its own, so that /run and /proc are the test's.
void leakAndLook() {
  ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("proc", "/proc", "proc", 0, nullptr), 0);
  ASSERT_EQ(::mount("tmpfs", "/run", "tmpfs", 0, nullptr), 0);
  ASSERT_EQ(outputOf("mkdir /run/netns; touch /run/netns/cni-1"), "");
  makePodNode();
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  ASSERT_EQ(::mount("/proc/self/ns/net", "/run/netns/cni-1", nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
  EXPECT_TRUE(look(doctor::kLeakedLinks).empty()) << "nothing leads there";
  const Fd leaked(::open("/run/netns/cni-1", O_RDONLY | O_CLOEXEC));
  ASSERT_OK(Links::open()->addVeth("veth1", "eth0", leaked.get()));
  const auto found = look(doctor::kLeakedLinks);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].evidence.at(0), HasSubstr("veth1 leads to /run/netns/cni-1"));
  ASSERT_EQ(::setns(leaked.get(), CLONE_NEWNET), 0);
  const pid_t pause = ::fork();
  if (pause == 0) {
    ::pause();
    ::_exit(0);
  }
  ASSERT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
  EXPECT_TRUE(look(doctor::kLeakedLinks).empty()) << "a pod lives there";
  ::kill(pause, SIGKILL);
  ::waitpid(pause, nullptr, 0);
}

TEST(NetworkChecks, LeakedInterfaces) {
  inNamespaces([] {
    ASSERT_EQ(::unshare(CLONE_NEWNS | CLONE_NEWPID), 0);
    const pid_t first = ::fork();
    if (first == 0) {
      leakAndLook();
      std::fflush(nullptr);
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(first, &status, 0), first);
    EXPECT_EQ(status, 0);
  });
}

}  // namespace
}  // namespace hitless::sys
