#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/json_fields.h"
#include "sys/doctor/conntrack_repairer.h"
#include "sys/doctor/ip_sets.h"
#include "sys/doctor/ipset_repairer.h"
#include "sys/doctor/sysctl_repairer.h"
#include "sys/files/files.h"
#include "sys/netlink/conntrack.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/sockets.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::DeleteFlows;
using doctor::DestroyIpSets;
using doctor::WriteSysctl;
using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

/// Keeps what is recorded.
struct Log : doctor::UndoLog {
  Status record(const doctor::UndoEntry& entry) override {
    entries.push_back(entry);
    return {};
  }
  std::vector<doctor::UndoEntry> entries;
};

TEST(SysctlRepairer, WritesVerifiesAndTakesBack) {
  inNamespaces([] {
    SysctlRepairer repairer;
    Log log;
    ASSERT_OK(readFile("/proc/sys/net/ipv4/ip_local_port_range"));
    const std::vector<Action> actions = {
        WriteSysctl{"net/ipv4/ip_forward", "1"},
        WriteSysctl{"net/ipv4/ip_local_port_range", "20000 65535"}};
    EXPECT_TRUE(repairer.canDo(actions[0]));
    EXPECT_FALSE(repairer.canDo(DeleteFlows{}));
    const auto plan = repairer.plan(actions[0]);
    ASSERT_OK(plan);
    EXPECT_EQ(plan->front(), "net/ipv4/ip_forward: 0 becomes 1, until the next boot");
    EXPECT_FALSE(repairer.verify(actions));
    ASSERT_OK(repairer.apply(actions, log));
    ASSERT_OK(repairer.verify(actions));
    EXPECT_EQ(*readFile("/proc/sys/net/ipv4/ip_forward"), "1\n");
    ASSERT_EQ(log.entries.size(), 2U);
    EXPECT_EQ(repairer.apply(actions, log).error().kind, ErrorKind::kNotFound);
    for (const auto& entry : log.entries) {
      ASSERT_OK(repairer.undo(entry));
    }
    EXPECT_EQ(*readFile("/proc/sys/net/ipv4/ip_forward"), "0\n");
    EXPECT_EQ(*readFile("/proc/sys/net/ipv4/ip_local_port_range"), "32768\t60999\n");
  });
}

TEST(SysctlRepairer, OneThatIsRefusedTakesTheOthersBack) {
  inNamespaces([] {
    SysctlRepairer repairer;
    Log log;
    const std::vector<Action> actions = {WriteSysctl{"net/ipv4/ip_forward", "1"},
                                         WriteSysctl{"net/ipv4/ip_local_port_range", "9 1"}};
    EXPECT_FALSE(repairer.apply(actions, log));
    EXPECT_EQ(*readFile("/proc/sys/net/ipv4/ip_forward"), "0\n");
    for (const char* name : {"kernel/hostname", "net/../kernel/hostname", "net", "/net/x"}) {
      EXPECT_EQ(repairer.plan(WriteSysctl{name, "1"}).error().kind, ErrorKind::kInvalid) << name;
    }
    EXPECT_EQ(repairer.plan(WriteSysctl{"net/none", "1"}).error().kind, ErrorKind::kNotFound);
  });
}

TEST(ConntrackRepairer, DeletesWhatIsNamedAndNothingElse) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(outputOf("nft 'add table t; add chain t c { type filter hook output priority 0; }; "
                       "add rule t c ct state new accept'"),
              "");
    auto table = Conntrack::open();
    ASSERT_OK(table);
    std::vector<Fd> sockets;
    for (const std::uint16_t port : {9001, 9002}) {
      sockets.push_back(testing::startConnecting(SOCK_DGRAM, *IpAddress::parse("127.0.0.1"), port));
      ASSERT_EQ(::send(sockets.back().get(), "x", 1, 0), 1);
    }
    const auto before = table->dump();
    ASSERT_OK(before);
    DeleteFlows action;
    for (const Flow& flow : *before) {
      if (flow.original.destinationPort == 9001) {
        action.flows.push_back(flow.original);
      }
    }
    ASSERT_EQ(action.flows.size(), 1U);
    ConntrackRepairer repairer(*table);
    Log log;
    const std::vector<Action> actions = {action};
    const auto plan = repairer.plan(action);
    ASSERT_OK(plan);
    ASSERT_EQ(plan->size(), 2U);
    EXPECT_THAT(plan->front(), HasSubstr("--undo does not bring them back"));
    ASSERT_OK(repairer.apply(actions, log));
    ASSERT_OK(repairer.verify(actions));
    ASSERT_EQ(log.entries.size(), 1U);
    EXPECT_EQ(repairer.undo(log.entries[0]).error().kind, ErrorKind::kUnsupported);
    const auto after = table->dump();
    ASSERT_OK(after);
    EXPECT_EQ(after->size(), before->size() - 1);
    EXPECT_EQ(repairer.apply(actions, log).error().kind, ErrorKind::kNotFound);
  });
}

TEST(IpSetRepairer, DestroysAndMakesAgain) {
  inNamespaces([] {
    auto sets = IpSets::open();
    if (!sets && sets.error().kind == ErrorKind::kNotFound) {
      GTEST_SKIP() << sets.error().text();
    }
    ASSERT_OK(sets);
    auto set = netlink::hashOfAddresses("TMP-AB", 1024);
    for (std::uint32_t i = 0; i < 5; ++i) {
      set.members.push_back(netlink::addressMember(0x0a000000 + i));
    }
    ASSERT_OK(sets->create(set));
    IpSetRepairer repairer;
    Log log;
    const std::vector<Action> actions = {DestroyIpSets{{"TMP-AB", "gone"}}};
    const auto plan = repairer.plan(actions[0]);
    ASSERT_OK(plan);
    EXPECT_EQ(plan->front(), "IP set TMP-AB (hash:ip) with 5 members goes");
    EXPECT_FALSE(repairer.verify(actions));
    ASSERT_OK(repairer.apply(actions, log));
    ASSERT_OK(repairer.verify(actions));
    EXPECT_EQ(repairer.apply(actions, log).error().kind, ErrorKind::kNotFound);
    ASSERT_EQ(log.entries.size(), 1U);
    ASSERT_OK(repairer.undo(log.entries[0]));
    EXPECT_EQ(sets->read("TMP-AB")->members.size(), 5U);
    doctor::UndoEntry odd = log.entries[0];
    odd.before["made"] = "zz";
    EXPECT_EQ(repairer.undo(odd).error().kind, ErrorKind::kInvalid);
  });
}

TEST(IpSetRepairer, DoesNotTouchWhatARuleUses) {
  inNamespaces([] {
    auto sets = IpSets::open();
    if (!sets && sets.error().kind == ErrorKind::kNotFound) {
      GTEST_SKIP() << sets.error().text();
    }
    ASSERT_OK(sets);
    ASSERT_OK(sets->create(netlink::hashOfAddresses("free", 64)));
    ASSERT_OK(sets->create(netlink::hashOfAddresses("used", 64)));
    if (const std::string made =
            outputOf("iptables-legacy -A INPUT -m set --match-set used src -j ACCEPT");
        !made.empty()) {
      GTEST_SKIP() << made;
    }
    IpSetRepairer repairer;
    Log log;
    const std::vector<Action> actions = {DestroyIpSets{{"free", "used"}}};
    EXPECT_EQ(repairer.plan(actions[0]).error().kind, ErrorKind::kConflict);
    EXPECT_EQ(repairer.apply(actions, log).error().kind, ErrorKind::kConflict);
    EXPECT_EQ(sets->headers()->size(), 2U);
    EXPECT_EQ(sets->destroy("used").error().kind, ErrorKind::kConflict);
  });
}

}  // namespace
}  // namespace hitless::sys
