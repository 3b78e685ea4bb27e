#include "core/iptables/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/iptables/dump.h"
#include "testing/iptables_dumps.h"

namespace hitless::iptables {
namespace {

using testing::ElementsAre;

Rule ruleOf(std::string_view text) {
  auto rule = parseRule(text);
  EXPECT_TRUE(rule) << text << ": " << rule.error().text();
  return rule ? *std::move(rule) : Rule{};
}

TEST(Words, TakesQuotesAndBackslashesAway) {
  EXPECT_THAT(*words(R"(-m comment --comment "a \"b\" it\'s \\ c" -j X)"),
              ElementsAre("-m", "comment", "--comment", R"(a "b" it's \ c)", "-j", "X"));
  EXPECT_THAT(*words(R"(  a\b   "" c )"), ElementsAre(R"(a\b)", "", "c"));
  EXPECT_FALSE(words(R"(-m comment --comment "open)"));
  EXPECT_FALSE(words(R"(--comment "open\")"));
}

TEST(Rule, IsTakenApart) {
  const Rule rule = ruleOf(
      "! -s 10.0.0.0/8 -i eth0 -p tcp -m comment --comment \"a b\" -m tcp ! --dport 80:90 "
      "-m set --match-set x src,dst -j DNAT --to-destination 10.0.0.1:80 --random");
  ASSERT_EQ(rule.own.size(), 3U);
  EXPECT_EQ(rule.own[0], (Option{"-s", {"10.0.0.0/8"}, true}));
  EXPECT_EQ(rule.comment(), "a b");
  EXPECT_EQ(*rule.find("--dport"), (Option{"--dport", {"80:90"}, true}));
  EXPECT_EQ(rule.findMatch("set")->options[0], (Option{"--match-set", {"x", "src,dst"}, false}));
  EXPECT_EQ(rule.target, "DNAT");
  EXPECT_FALSE(rule.goes);
  EXPECT_THAT(rule.targetOptions, ElementsAre(Option{"--to-destination", {"10.0.0.1:80"}, false},
                                              Option{"--random", {}, false}));
}

TEST(Rule, IsUnderstoodAsPeopleSpellIt) {
  const Rule rule = ruleOf(
      "--source ! 10.0.0.1 --protocol tcp --dport 80 --jump ACCEPT "
      "-m comment --comment last");
  EXPECT_EQ(*rule.find("-s"), (Option{"-s", {"10.0.0.1"}, true}));
  EXPECT_EQ(rule.findMatch("tcp")->options[0].name, "--dport");
  EXPECT_EQ(rule.target, "ACCEPT");
  EXPECT_EQ(rule.comment(), "last");
}

TEST(Rule, KeepsFreeTextThatLooksLikeAnOption) {
  const Rule rule = ruleOf("-m comment --comment -j -g X");
  EXPECT_EQ(rule.comment(), "-j");
  EXPECT_EQ(rule.target, "X");
  EXPECT_TRUE(rule.goes);
}

TEST(Rule, MayHaveNoTarget) {
  EXPECT_EQ(ruleOf("-s 10.0.0.1/32").target, "");
}

TEST(Rule, KeepsWhatItDoesNotKnow) {
  const std::string text = "-m strange --level -5 ! --odd a b -j WONDER --xt-info 2:00ff";
  EXPECT_EQ(render(ruleOf(text)), text);
}

TEST(Rule, WithoutANameOfATargetIsAnError) {
  EXPECT_FALSE(parseRule("-s 10.0.0.1 -j"));
  EXPECT_FALSE(parseRule("-j -m comment"));
  EXPECT_FALSE(parseRule("-j \"\""));
  EXPECT_FALSE(parseRule("-m"));
  EXPECT_FALSE(parseRule("-j A -j B"));
}

TEST(Rule, OfARealDumpIsRenderedAsItWas) {
  const auto dump = parseDump(std::string(testing::kDockerDump));
  ASSERT_TRUE(dump) << dump.error().text();
  for (const Table& table : dump->tables) {
    for (const Chain& chain : table.chains) {
      for (const RuleText& rule : chain.rules) {
        EXPECT_EQ(render(ruleOf(rule.text)), rule.text);
      }
    }
  }
}

Repetition repeated(std::string_view text, bool chain = false) {
  return repetition(ruleOf(text), chain);
}

TEST(Repetition, OfAVerdictChangesNothing) {
  EXPECT_EQ(repeated("-d 10.96.0.0/12 -m comment --comment \"a b\" -j RETURN"),
            Repetition::kNothing);
  EXPECT_EQ(repeated("-p tcp -m addrtype --dst-type LOCAL -m multiport --dports 1:2 -j RETURN"),
            Repetition::kNothing);
  EXPECT_EQ(repeated("-m set --match-set x src -j KUBE-X", true), Repetition::kNothing);
  EXPECT_EQ(repeated("-g KUBE-X", true), Repetition::kNothing);
  EXPECT_EQ(repeated("-j DNAT --to-destination 10.0.0.1"), Repetition::kNothing);
}

TEST(Repetition, OfWhatCountsLogsMarksOrDrawsLotsChangesSomething) {
  EXPECT_EQ(repeated("-s 10.0.0.1/32"), Repetition::kSomething);
  EXPECT_EQ(repeated("-j LOG"), Repetition::kSomething);
  EXPECT_EQ(repeated("-j MARK --set-xmark 0x1/0x1"), Repetition::kSomething);
  EXPECT_EQ(repeated("-m statistic --mode random --probability 0.5 -j DROP"),
            Repetition::kSomething);
  EXPECT_EQ(repeated("-m limit --limit 1/s -j ACCEPT"), Repetition::kSomething);
  EXPECT_EQ(repeated("-m strange -j ACCEPT"), Repetition::kSomething);
  EXPECT_EQ(repeated("-m mark --xt-info 7:00 -j ACCEPT"), Repetition::kSomething);
  EXPECT_EQ(repeated("-j WONDER"), Repetition::kSomething);
}

TEST(RuleFuzz, MutatedRulesAreReadAgainWhenRendered) {
  testing::Mutator mutate(17);
  const auto dump = parseDump(std::string(testing::kDockerDump));
  const Table& nat = *dump->find("nat");
  int parsed = 0;
  for (int round = 0; round < 60; ++round) {
    for (const Chain& chain : nat.chains) {
      for (const RuleText& original : chain.rules) {
        const auto rule = parseRule(mutate(original.text));
        if (rule) {
          ++parsed;
          const auto again = parseRule(render(*rule));
          repetition(*rule, false);
          ASSERT_TRUE(again) << render(*rule);
          EXPECT_EQ(again->target, rule->target);
          EXPECT_EQ(again->comment(), rule->comment()) << render(*rule);
        }
      }
    }
  }
  EXPECT_GT(parsed, 300);
}

}  // namespace
}  // namespace hitless::iptables
