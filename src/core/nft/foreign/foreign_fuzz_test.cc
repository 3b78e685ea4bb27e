#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include <linux/netfilter.h>

#include <array>
#include <functional>
#include <random>

#include "core/doctor/nft/dedupe_undo.h"
#include "core/nft/foreign/chain_codec.h"
#include "core/nft/foreign/change_tally.h"
#include "core/nft/foreign/dedupe_plan.h"
#include "core/nft/foreign/rule_builder.h"
#include "core/nft/foreign/rule_words.h"
#include "core/nft/foreign/save_text.h"
#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

const ChainPlace kPlace{NFPROTO_IPV4, "filter", "KUBE-ROUTER-INPUT"};
const std::function<bool(std::string_view)> kIsChain = [](std::string_view name) {
  return name == "KUBE-ROUTER-INPUT";
};

std::vector<RawRule> seeds() {
  std::vector<RawRule> rules;
  for (const char* text :
       {"-s 10.0.0.0/9 ! -d 10.1.2.3/32 -i eth0 ! -o cni+ -p tcp -m mark --mark 0x1/0x3 -j ACCEPT",
        "-m comment --comment hello -g KUBE-ROUTER-INPUT", "-j RETURN"}) {
    rules.push_back(*buildRule(text, kPlace, kIsChain));
  }
  return rules;
}

/// All that reads bytes which somebody else has written.
void readAll(const netlink::Bytes& bytes) {
  RawRule rule{NFPROTO_IPV4, "filter", "INPUT", 1, bytes, bytes};
  (void)ruleText(rule);
  rule.family = NFPROTO_IPV6;
  (void)ruleText(rule);
  (void)contentOf(rule);
  (void)countersOf(rule);
  (void)compatProtocolOf(rule);
  (void)restorable(rule);
  (void)targetOf(rule);
  ChangeTally tally;
  for (const netlink::Message& message : netlink::parseMessages(bytes)) {
    (void)rawRuleOf(message);
    (void)foreignChainOf(message);
    (void)generationOf(message);
    (void)tableOwnerOf(message);
    tally.add(message);
  }
  (void)tally.changes();
}

TEST(ForeignFuzz, AnyBytesGiveSomething) {
  std::mt19937 random(7);
  for (int round = 0; round < 4000; ++round) {
    netlink::Bytes bytes(random() % 200);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 9);
    }
    readAll(bytes);
  }
}

TEST(ForeignFuzz, DamagedRulesGiveSomething) {
  std::mt19937 random(11);
  const auto rules = seeds();
  for (int round = 0; round < 6000; ++round) {
    ForeignBatch batch(1, 1);
    batch.addRule(rules[random() % rules.size()], {});
    batch.finish();
    for (netlink::Bytes bytes : {rules[random() % rules.size()].expressions, batch.bytes()}) {
      for (unsigned i = 0; i <= random() % 4; ++i) {
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      }
      bytes.resize(random() % 4 == 0 ? random() % bytes.size() : bytes.size());
      readAll(bytes);
    }
  }
}

TEST(ForeignRules, AreBuiltAsTheyRead) {
  const std::string text =
      "! -s 10.0.0.0/9 -d 10.1.0.0/16 -i eth0 ! -o cni+ -p udp -m comment --comment \"a b\" -m "
      "mark "
      "! --mark 0x1/0x3 -j KUBE-ROUTER-INPUT";
  EXPECT_EQ(ruleText(*buildRule(text, kPlace, kIsChain)), text);
  const ChainPlace v6{NFPROTO_IPV6, "filter", "INPUT"};
  EXPECT_EQ(ruleText(*buildRule("-s fd00::/7 -d 2001:db8::1/128 -j DROP", v6, kIsChain)),
            "-s fc00::/7 -d 2001:db8::1/128 -j DROP");
  for (const char* wrong : {"-j MARK --set-mark 1", "-m limit --limit 1/s -j ACCEPT", "-j NOWHERE",
                            "-s fd00::1 -j DROP", "-i aninterfacenamethatistoolong -j DROP", "",
                            "-p nonsense -j DROP", "-m mark --mark x -j DROP"}) {
    EXPECT_FALSE(buildRule(wrong, kPlace, kIsChain)) << wrong;
  }
}

/// A chain as a list of contents, to which a batch's additions are applied.
std::vector<std::string> contents(const std::vector<RawRule>& rules) {
  std::vector<std::string> out;
  for (const RawRule& rule : rules) {
    out.push_back(contentOf(rule));
  }
  return out;
}

std::vector<RawRule> applied(std::vector<RawRule> rules, const netlink::Bytes& batch) {
  for (const netlink::Message& message : netlink::parseMessages(batch)) {
    const auto added = rawRuleOf(message);
    if (!added || message.type != wire::messageType(NFT_MSG_NEWRULE)) {
      continue;
    }
    const auto behind = message.attributes(sizeof(nfgenmsg)).be64(NFTA_RULE_POSITION).value_or(0);
    const auto at = std::find_if(rules.begin(), rules.end(),
                                 [&](const RawRule& rule) { return rule.handle == behind; });
    rules.insert(at == rules.end() ? at : at + 1, *added);
  }
  return rules;
}

TEST(DedupeUndo, BringsAnyChainBack) {
  std::mt19937 random(5);
  const auto kinds = seeds();
  for (int round = 0; round < 200; ++round) {
    std::vector<RawRule> rules;
    for (std::uint64_t handle = 1; handle <= 1 + random() % 60; ++handle) {
      rules.push_back(kinds[random() % (1 + random() % kinds.size())]);
      rules.back().handle = handle;
    }
    const DedupePlan plan = planDedupe(rules, kIsChain);
    std::vector<RawRule> left;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!plan.goes[i]) {
        left.push_back(rules[i]);
      }
    }
    if (plan.goneCount == 0) {
      continue;
    }
    const auto undo = parseDedupeUndo(render(dedupeUndo(kPlace, rules, plan, "r")));
    ASSERT_TRUE(undo);
    ForeignBatch batch(1, 1);
    ASSERT_TRUE(restore(*undo, left, batch));
    EXPECT_EQ(contents(applied(left, batch.bytes())), contents(rules));
    EXPECT_EQ(restore(*undo, rules, batch).error().kind, ErrorKind::kNotFound);
    left.clear();
    EXPECT_EQ(restore(*undo, left, batch).error().kind, ErrorKind::kConflict);
  }
}

}  // namespace
}  // namespace hitless::nft
