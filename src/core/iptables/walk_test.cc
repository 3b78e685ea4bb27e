#include "core/iptables/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/iptables_dumps.h"

namespace hitless::iptables {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Verdict = WalkResult::Verdict;

Packet tcp(std::string_view from, std::string_view to, std::uint16_t port) {
  Packet packet;
  packet.source = *IpAddress::parse(from);
  packet.destination = *IpAddress::parse(to);
  packet.sourcePort = 40000;
  packet.destinationPort = port;
  packet.in = "cni0";
  packet.out = "eth0";
  packet.own = {{*IpAddress::parse("192.0.2.1")}};
  return packet;
}

WalkResult walked(std::string_view text, Packet packet) {
  const auto dump = parseDump(std::string(text));
  EXPECT_TRUE(dump) << dump.error().text();
  auto result = walk({{"dump", &*dump}}, std::move(packet));
  EXPECT_TRUE(result) << result.error().text();
  return result ? *std::move(result) : WalkResult{};
}

std::string filter(std::string_view rules) {
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n"
         ":B - [0:0]\n" +
         std::string(rules) + "COMMIT\n";
}

std::vector<std::string> told(const std::vector<WalkedRule>& rules) {
  std::vector<std::string> out;
  for (const WalkedRule& rule : rules) {
    out.push_back(rule.place.table + ' ' + rule.place.chain + ' ' +
                  std::to_string(rule.place.number) + ' ' + rule.does);
  }
  return out;
}

TEST(Walk, FollowsAServiceToOneOfItsPodsAndItsPolicy) {
  const WalkResult result = walked(testing::kDockerDump, tcp("10.244.3.3", "10.96.0.20", 80));
  EXPECT_EQ(result.verdict, Verdict::kReject);
  EXPECT_THAT(
      told(result.steps),
      ElementsAre("nat PREROUTING 1 jump KUBE-SERVICES", "nat KUBE-SERVICES 1 jump KUBE-SVC-WEB",
                  "nat KUBE-SVC-WEB 2 jump KUBE-SEP-ONE",
                  "nat KUBE-SEP-ONE 2 DNAT to 10.244.1.2:8080",
                  "filter FORWARD 1 jump KUBE-ROUTER-FORWARD",
                  "filter KUBE-ROUTER-FORWARD 1 jump KUBE-POD-FW-A",
                  "filter KUBE-POD-FW-A 2 REJECT --reject-with icmp-port-unreachable"));
  EXPECT_EQ(result.steps[2].oneOf, 2U);
  EXPECT_EQ(result.packet.destination.text(), "10.244.1.2");
  EXPECT_EQ(result.packet.destinationPort, 8080);
  EXPECT_THAT(result.alternatives, IsEmpty());
  EXPECT_EQ(result.steps.back().place.line, 64U);
}

TEST(Walk, SaysWhichPolicyDecides) {
  const WalkResult result = walked(testing::kDockerDump, tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(result.verdict, Verdict::kDrop);
  EXPECT_EQ(result.steps.back().place.text, "policy DROP");
  EXPECT_EQ(result.steps.back().place.number, 0U);
}

TEST(Walk, DoesNotAskNatForEstablishedConnections) {
  Packet packet = tcp("10.244.3.3", "10.96.0.20", 80);
  packet.state = ConnectionState::kEstablished;
  const WalkResult result = walked(testing::kDockerDump, packet);
  EXPECT_EQ(result.packet.destination.text(), "10.96.0.20");
  EXPECT_EQ(result.steps.back().does, "ACCEPT");
}

TEST(Walk, GoesToInputOfTheNodesOwnAddressesAndComesBackFromChains) {
  const WalkResult result = walked(
      filter("-A INPUT -j A\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\n-A A -s 10.0.0.0/8 -j "
             "RETURN\n-A A -j ACCEPT\n-A FORWARD -j DROP\n"),
      tcp("10.1.1.1", "192.0.2.1", 22));
  EXPECT_THAT(told(result.steps),
              ElementsAre("filter INPUT 1 jump A", "filter A 1 RETURN", "filter INPUT 2 DROP"));
  EXPECT_EQ(result.rules, 3U);
  ASSERT_EQ(result.passed.size(), 2U);
  EXPECT_EQ(result.passed[0].rules, 2U);
}

TEST(Walk, GotoDoesNotComeBack) {
  const WalkResult result = walked(
      filter("-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -g B\n-A A -j ACCEPT\n-A B -j RETURN\n"),
      tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_THAT(told(result.steps), ElementsAre("filter FORWARD 1 jump A", "filter A 1 goto B",
                                              "filter B 1 RETURN", "filter FORWARD 2 DROP"));
}

TEST(Walk, NamesWhatMayHaveMatchedAndGoesOn) {
  const WalkResult result =
      walked(filter("-A FORWARD -m set --match-set bad src -j DROP\n-A FORWARD -m strange -j A\n"
                    "-A A -p tcp -j REJECT\n-A FORWARD -j WONDER\n-A FORWARD -j ACCEPT\n"),
             tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(result.verdict, Verdict::kAccept);
  EXPECT_FALSE(result.sure());
  EXPECT_THAT(told(result.alternatives),
              ElementsAre("filter FORWARD 1 DROP", "filter A 1 REJECT", "filter FORWARD 3 WONDER"));
}

TEST(Walk, AMarkThatMayHaveBeenSetMakesWhatAsksForItUnsure) {
  const std::string rules = filter(
      "-A FORWARD -m set --match-set ok src -j MARK --set-xmark 0x10000/0x10000\n"
      "-A FORWARD -m mark ! --mark 0x10000/0x10000 -j REJECT\n"
      "-A FORWARD -m mark --mark 0x1/0x1 -j DROP\n");
  const WalkResult result = walked(rules, tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(result.verdict, Verdict::kAccept);
  EXPECT_THAT(
      told(result.alternatives),
      ElementsAre("filter FORWARD 1 MARK --set-xmark 0x10000/0x10000", "filter FORWARD 2 REJECT"));
}

TEST(Walk, CarriesMarksOverToTheConnection) {
  const WalkResult result =
      walked(filter("-A FORWARD -j MARK --set-xmark 0x4/0xff\n-A FORWARD -j CONNMARK --save-mark "
                    "--nfmask 0xf --ctmask 0xf\n-A FORWARD -j MARK --and-mark 0xfffffff0\n"
                    "-A FORWARD -m connmark --mark 0x4/0xf -m mark --mark 0 -j DROP\n"),
             tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(result.verdict, Verdict::kDrop);
}

TEST(Walk, SendsFromTheNodeToItself) {
  Packet packet = tcp("192.0.2.1", "192.0.2.1", 80);
  packet.localOrigin = true;
  packet.in.reset();
  packet.out.reset();
  const WalkResult result =
      walked(filter("-A OUTPUT -o lo -j ACCEPT\n-A INPUT -i lo -j REJECT\n"), packet);
  EXPECT_THAT(told(result.steps), ElementsAre("filter OUTPUT 1 ACCEPT", "filter INPUT 1 REJECT"));
}

TEST(Walk, PassesBothBackEnds) {
  const auto first = parseDump(filter("-A FORWARD -j ACCEPT\n"));
  const auto second = parseDump(filter("-A FORWARD -j DROP\n"));
  const auto result =
      walk({{"legacy", &*first}, {"nft", &*second}}, tcp("10.1.1.1", "10.2.2.2", 80));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->verdict, Verdict::kDrop);
  EXPECT_EQ(result->steps.back().place.source, "nft");
}

TEST(Walk, CountsWhatNobodyRead) {
  const WalkResult result = walked(filter("# unread FORWARD 1000000\n-A FORWARD -j RETURN\n"
                                          "-A A -j DROP\n"),
                                   tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(result.rules, 1U);
  const WalkResult through =
      walked(filter("# unread FORWARD 1000000\n"), tcp("10.1.1.1", "10.2.2.2", 80));
  EXPECT_EQ(through.rules, 1000000U);
  EXPECT_THAT(through.notes, ElementsAre(HasSubstr("were not read")));
}

TEST(Walk, ChainsThatLeadIntoEachOtherAreAnError) {
  const auto dump = parseDump(filter("-A FORWARD -j A\n-A A -j B\n-A B -j A\n"));
  EXPECT_FALSE(walk({{"dump", &*dump}}, tcp("10.1.1.1", "10.2.2.2", 80)));
}

struct Case {
  std::string_view match;
  Answer expected;
};

/// ACCEPT by policy: no; DROP: yes; an alternative: maybe.
Answer asked(std::string_view match, const Packet& packet) {
  const WalkResult result =
      walked(filter("-A FORWARD " + std::string(match) + " -j DROP\n"), packet);
  return result.verdict == Verdict::kDrop ? Answer::kYes
         : result.alternatives.empty()    ? Answer::kNo
                                          : Answer::kMaybe;
}

TEST(Walk, JudgesEachMatch) {
  constexpr Case kCases[] = {
      {"-s 10.1.0.0/16", Answer::kYes},
      {"-s 10.0.1.0/255.0.255.0", Answer::kYes},
      {"! -s 10.1.0.0/16", Answer::kNo},
      {"-i cni+", Answer::kYes},
      {"-o eth1", Answer::kNo},
      {"-p udp", Answer::kNo},
      {"-p all", Answer::kYes},
      {"-p 6 -m tcp --sport 1024: --dport :80", Answer::kYes},
      {"-p tcp -m tcp ! --dport 80", Answer::kNo},
      {"-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", Answer::kYes},
      {"-p tcp -m tcp --tcp-option 5", Answer::kMaybe},
      {"-p udp -m udp --dport 80", Answer::kNo},
      {"-p tcp -m multiport --dports 22,70:90", Answer::kYes},
      {"-p tcp -m multiport --ports 22", Answer::kNo},
      {"-m conntrack --ctstate RELATED,ESTABLISHED", Answer::kNo},
      {"-m conntrack ! --ctstate DNAT", Answer::kYes},
      {"-m conntrack --ctorigdst 10.2.0.0/16 --ctorigdstport 80", Answer::kYes},
      {"-m state --state NEW", Answer::kYes},
      {"-m addrtype --dst-type LOCAL", Answer::kNo},
      {"-m addrtype ! --dst-type LOCAL", Answer::kYes},
      {"-m addrtype --dst-type BROADCAST", Answer::kMaybe},
      {"-m mark --mark 0x0/0x1", Answer::kYes},
      {"-m iprange --src-range 10.1.1.0-10.1.1.9", Answer::kYes},
      {"-m pkttype --pkt-type unicast", Answer::kYes},
      {"-m owner --uid-owner 0", Answer::kNo},
      {"-m physdev --physdev-is-bridged", Answer::kMaybe},
      {"-m statistic --mode random --probability 0.5", Answer::kMaybe},
      {"-m comment --comment \"a b\"", Answer::kYes},
      {"-m limit --limit 1/sec", Answer::kMaybe},
      {"-m mark --xt-info 9:00", Answer::kMaybe},
      {"-p icmp -m icmp --icmp-type 8", Answer::kNo},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(asked(one.match, tcp("10.1.1.1", "10.2.2.2", 80)), one.expected) << one.match;
  }
}

TEST(WalkFuzz, MutatedDumpsEndInAVerdictOrAnError) {
  testing::Mutator mutate(99);
  int walks = 0;
  for (int round = 0; round < 400; ++round) {
    const auto dump = parseDump(mutate(testing::kDockerDump));
    if (dump) {
      ++walks;
      const auto result = walk({{"dump", &*dump}}, tcp("10.244.3.3", "10.96.0.20", 80));
      EXPECT_TRUE(!result || result->rules < 1000);
    }
  }
  EXPECT_GT(walks, 50);
}

}  // namespace
}  // namespace hitless::iptables
