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
#include "sys/doctor/ip_sets.h"
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
using testing::addInterface;
using ::testing::HasSubstr;
using testing::Healer;
using testing::inNamespaces;
using testing::look;
using testing::makePodNode;
using testing::observe;
using testing::outputOf;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
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
      auto evidence = observe(*check, [] {});
      for (doctor::Sample& sample : evidence.samples) {
        // The machine's own configuration is no part of the namespace.
        std::erase_if(sample.files, [](const auto& file) {
          return !file.first.starts_with("proc/") && !file.first.starts_with("kernel/");
        });
      }
      const auto found = check->run(evidence);
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
