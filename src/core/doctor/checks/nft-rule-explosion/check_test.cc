#include "core/doctor/checks/nft-rule-explosion/check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/nft_chains.h"
#include "core/doctor/nft_changes.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

NftChain chainOf(std::string name, std::uint32_t use) {
  NftChain chain;
  chain.family = "ip";
  chain.table = "filter";
  chain.name = std::move(name);
  chain.use = use;
  return chain;
}

/// A chain of which the first `read` rules were read; every `distinct`-th is the same.
std::string dump(std::string_view chain, int read, int distinct, std::uint64_t unread) {
  std::string text = fmt::format("*filter\n:INPUT ACCEPT [0:0]\n:{} - [0:0]\n", chain);
  for (int i = 0; i < read; ++i) {
    text += fmt::format("[0:0] -A {} -d 10.{}.{}.0/24 -j RETURN\n", chain, i % distinct / 250,
                        i % distinct % 250);
  }
  return text + (unread > 0 ? fmt::format("# unread {} {}\n", chain, unread) : "") + "COMMIT\n";
}

std::vector<Finding> look(std::string_view name, std::uint32_t before, std::uint32_t after,
                          std::string rules) {
  MadeEvidence made;
  made.becomes(names::kNftChains, renderNftChains({chainOf(std::string(name), before)}),
               renderNftChains({chainOf(std::string(name), after)}));
  made.has(names::kNftRules4, std::move(rules));
  return kNftRuleExplosion.run(made.evidence);
}

TEST(NftRuleExplosion, FindsTheIncident) {
  MadeEvidence made;
  made.becomes(names::kNftChains, renderNftChains({chainOf("KUBE-ROUTER-INPUT", 1'000'000)}),
               renderNftChains({chainOf("KUBE-ROUTER-INPUT", 1'000'003)}));
  made.has(names::kNftRules4, dump("KUBE-ROUTER-INPUT", 2000, 3, 998'000));
  NftChanges changes;
  changes.chains = {{"ip", "filter", "KUBE-ROUTER-INPUT", 3, 0, "iptables", 4123}};
  made.has(names::kNftChanges, renderNftChanges(changes));
  const auto found = kNftRuleExplosion.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_EQ(found[0].subject, "ip filter KUBE-ROUTER-INPUT");
  EXPECT_EQ(found[0].summary,
            "KUBE-ROUTER-INPUT has 1,000,000 rules, nearly all of them repetitions");
  EXPECT_EQ(found[0].owner, "kube-router; last written by pid 4123, iptables");
  EXPECT_THAT(found[0].evidence,
              ::testing::Contains("of the first 2,000 rules 3 are distinct, and 1,997 could go "
                                  "without any difference"));
  EXPECT_THAT(found[0].evidence, ::testing::Contains("+3 while we looked, +180 a minute"));
  ASSERT_EQ(found[0].repair.size(), 1U);
  EXPECT_EQ(std::get<DedupeChain>(found[0].repair[0]).chain, "KUBE-ROUTER-INPUT");
}

TEST(NftRuleExplosion, SaysWhenItWillHurt) {
  const auto found =
      look("KUBE-ROUTER-INPUT", 5'999, 6'000, dump("KUBE-ROUTER-INPUT", 2000, 3, 4'000));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_THAT(found[0].evidence, ::testing::Contains("at this rate a packet pays 10.0 ms in 10h"));
}

TEST(NftRuleExplosion, OnlyMentionsServices) {
  const auto found =
      look("KUBE-SERVICES", 10'002, 10'002, dump("KUBE-SERVICES", 2000, 2000, 8'002));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kInfo);
  EXPECT_THAT(found[0].summary, HasSubstr("which differ: no repetitions"));
  EXPECT_TRUE(found[0].repair.empty());
}

TEST(NftRuleExplosion, IsSilentAboutWhatLeadsToAChain) {
  // 40,000 rules jump to KUBE-MARK-MASQ, which has one.
  EXPECT_TRUE(look("KUBE-MARK-MASQ", 40'001, 40'001, dump("KUBE-MARK-MASQ", 1, 1, 0)).empty());
  EXPECT_TRUE(look("KUBE-ROUTER-INPUT", 4'999, 4'999, "").empty());
  EXPECT_TRUE(kNftRuleExplosion.run(MadeEvidence().evidence).empty());
  MadeEvidence damaged;
  damaged.has(names::kNftChains, "[").has(names::kNftRules4, "*").has(names::kNftChanges, "7");
  EXPECT_TRUE(kNftRuleExplosion.run(damaged.evidence).empty());
}

TEST(NftRuleExplosion, TouchesNothingOfUnknownOwners) {
  const auto found = look("MINE", 6'000, 6'000, dump("MINE", 2000, 3, 4'000));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].repair.empty());
}

}  // namespace
}  // namespace hitless::doctor
