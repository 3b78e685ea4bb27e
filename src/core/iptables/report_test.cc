#include "core/iptables/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "testing/iptables_dumps.h"

namespace hitless::iptables {
namespace {

using testing::HasSubstr;

Packet toService() {
  Packet packet;
  packet.source = *IpAddress::parse("10.244.3.3");
  packet.destination = *IpAddress::parse("10.96.0.20");
  packet.destinationPort = 80;
  packet.own.emplace();
  return packet;
}

TEST(WalkReport, SaysWhichRuleDecidesAndWhose) {
  const auto dump = parseDump(std::string(testing::kDockerDump));
  const auto result = walk({{"dump", &*dump}}, toService());
  ASSERT_TRUE(result) << result.error().text();
  const std::string text = textOf(*result);
  EXPECT_THAT(text, HasSubstr("verdict: reject\n"));
  EXPECT_THAT(text, HasSubstr("decided by filter KUBE-POD-FW-A rule 2 (line 64, kube-router)"));
  EXPECT_THAT(text, HasSubstr("DNAT to 10.244.1.2:8080"));
  EXPECT_THAT(text, HasSubstr("jump KUBE-SEP-ONE, drawn as one of 2"));
  const auto json = jsonOf(*result);
  EXPECT_EQ(json.at("verdict").as_string(), "reject");
  EXPECT_EQ(json.at("decidedBy").at("owner").as_string(), "kube-router");
  EXPECT_EQ(json.at("decidedBy").at("line").to_number<int>(), 64);
  EXPECT_EQ(json.at("rulesPassed").to_number<int>(), 11);
}

TEST(DumpReport, TellsRepetitionsOwnersAndCost) {
  std::string text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j KUBE-ROUTER-INPUT\n";
  for (int i = 0; i < 2000; ++i) {
    text += "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -j RETURN\n";
  }
  const auto dump = parseDump(text + "COMMIT\n");
  const Duplicates duplicates = findDuplicates(*dump);
  const std::string told = textOf(duplicates, *dump);
  EXPECT_THAT(told, HasSubstr("filter KUBE-ROUTER-INPUT: 2,000 rules, 1 distinct, 1,999 can go"));
  EXPECT_THAT(told, HasSubstr("2,001 kube-router"));
  EXPECT_THAT(told, HasSubstr("2,001 rules, 150 us to 330 us (legacy)"));
  const auto json = jsonOf(duplicates, *dump);
  EXPECT_EQ(json.at("canGo").to_number<int>(), 1999);
  EXPECT_EQ(json.at("owners").at("kube-router").to_number<int>(), 2001);
}

TEST(DumpReport, SaysThatNothingIsRepeated) {
  const auto dump = parseDump(std::string(testing::kDockerDump));
  EXPECT_THAT(textOf(findDuplicates(*dump), *dump), HasSubstr("no rule comes twice"));
}

TEST(Cost, OfAnUnknownBackEndSpansBoth) {
  EXPECT_EQ(costOf("dump", 1000).low, 75000);
  EXPECT_EQ(costOf("dump", 1000).high, 220000);
  EXPECT_EQ(spelt(costOf("nft", 1'000'000)), "130 ms to 220 ms");
}

}  // namespace
}  // namespace hitless::iptables
