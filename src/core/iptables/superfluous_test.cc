#include "core/iptables/superfluous.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/iptables/walk.h"

namespace hitless::iptables {
namespace {

const std::map<char, std::string> kSpelt = {
    {'r', "-s 10.0.0.1/32 -j RETURN"},
    {'d', "-s 10.0.0.2/32 -j DROP"},
    {'a', "-p tcp -m tcp --dport 80 -j ACCEPT"},
    {'m', "-m mark --mark 0x1/0x1 -j DROP"},
    {'n', "-m mark --mark 0x2/0x2 -j RETURN"},
    {'M', "-j MARK --set-xmark 0x1/0x1"},
    {'N', "-s 10.0.0.3/32 -j MARK --set-xmark 0x2/0x3"},
    {'l', "-j LOG"},
    {'j', "-j J"},
    {'k', "-s 10.0.0.4/32 -j K"},
};

/// Rules of chain A, one a letter; J drops what is marked, and K marks.
std::string dumpOf(std::string_view rules) {
  std::string text =
      "*filter\n:FORWARD ACCEPT [0:0]\n:A - [0:0]\n:J - [0:0]\n:K - [0:0]\n-A FORWARD -j A\n"
      "-A J -m mark --mark 0x1/0x1 -j DROP\n-A K -j MARK --set-xmark 0x1/0x1\n";
  for (const char letter : rules) {
    text += "-A A " + kSpelt.at(letter) + '\n';
  }
  return text + "COMMIT\n";
}

std::string kept(std::string_view rules) {
  const auto dump = parseDump(dumpOf(rules));
  const Table& table = dump->tables[0];
  const std::vector<bool> go = superfluous(
      *table.find("A"), [&](std::string_view name) { return table.find(name) != nullptr; });
  std::string out;
  for (std::size_t i = 0; i < go.size(); ++i) {
    out += go[i] ? "" : std::string(1, rules[i]);
  }
  return out;
}

TEST(Superfluous, KeepsTheFirstOfEachAndWhatMayStillMatter) {
  EXPECT_EQ(kept("rrrr"), "r");
  EXPECT_EQ(kept("rlrl"), "rll");
  EXPECT_EQ(kept("jjkjk"), "jk");
  EXPECT_EQ(kept("mm"), "m");
  EXPECT_EQ(kept("mMmM"), "mMmM");
  EXPECT_EQ(kept("Mmrmr"), "Mmr");
  EXPECT_EQ(kept("jmjmjm"), "jm");
  EXPECT_EQ(kept("mjmjmj"), "mjm");
  EXPECT_EQ(kept("jMj"), "jMj");
}

/// What becomes of a packet from 10.0.0.`host`.
std::string outcome(std::string_view rules, std::uint32_t host, std::uint16_t port) {
  const auto dump = parseDump(dumpOf(rules));
  Packet packet;
  packet.source = IpAddress::v4(0x0a000000U + host);
  packet.destination = IpAddress::v4(0x0a010001);
  packet.destinationPort = port;
  packet.own.emplace();
  const auto result = walk({{"dump", &*dump}}, packet);
  return std::string(name(result->verdict)) + ' ' + std::to_string(result->packet.mark.value);
}

/// K, which marks, comes before all: that a chain passed again finds nothing new of what chains
/// between did is its owner's word (rule.h), not ours.
TEST(Superfluous, TakesNothingOutThatDecides) {
  constexpr std::string_view kLetters = "rdamnMNlj";
  std::mt19937 random(3);
  int gone = 0;
  for (int round = 0; round < 300; ++round) {
    std::string rules;
    for (int i = 0; i < 12; ++i) {
      rules += kLetters[random() % kLetters.size()];
    }
    rules.insert(0, "k");
    const std::string less = kept(rules);
    gone += static_cast<int>(rules.size() - less.size());
    for (std::uint32_t host = 1; host <= 5; ++host) {
      for (const std::uint16_t port : {std::uint16_t{80}, std::uint16_t{81}}) {
        EXPECT_EQ(outcome(less, host, port), outcome(rules, host, port)) << rules << " " << less;
      }
    }
  }
  EXPECT_GT(gone, 500);
}

}  // namespace
}  // namespace hitless::iptables
