#include "core/iptables/match_bytes.h"

#include <gtest/gtest.h>

#include "core/iptables/xt_text.h"

namespace hitless::iptables {
namespace {

TEST(MatchBytes, ReadBackAsTheyWereWritten) {
  for (const std::string text :
       {"-m addrtype --dst-type LOCAL", "-m addrtype ! --src-type LOCAL",
        "-m conntrack --ctstate NEW", "-m conntrack ! --ctstate RELATED,ESTABLISHED"}) {
    const auto rule = parseRule(text + " -j ACCEPT");
    ASSERT_TRUE(rule.has_value());
    const auto bytes = matchBytesOf(rule->matches.at(0));
    ASSERT_TRUE(bytes.has_value()) << text;
    EXPECT_EQ(matchText(rule->matches[0].name, bytes->revision, bytes->info, IpFamily::kV4), text);
  }
}

TEST(MatchBytes, AreNothingForWhatIsNotKnown) {
  for (const std::string text :
       {"-m addrtype --dst-type LOCAL --limit-iface-in", "-m addrtype --dst-type HERE",
        "-m conntrack --ctstate DNAT", "-m conntrack --ctproto 6", "-m tcp --dport 80"}) {
    const auto rule = parseRule(text + " -j ACCEPT");
    ASSERT_TRUE(rule.has_value());
    EXPECT_FALSE(matchBytesOf(rule->matches.at(0)).has_value()) << text;
  }
}

}  // namespace
}  // namespace hitless::iptables
