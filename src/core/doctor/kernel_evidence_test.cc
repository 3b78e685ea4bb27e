#include <gtest/gtest.h>

#include <random>

#include "core/doctor/flows.h"
#include "core/doctor/ip_sets.h"
#include "core/doctor/round_trip.h"
#include "testing/result.h"

/// What providers write and checks read: the connection table, IP sets, the round trip.
namespace hitless::doctor {
namespace {

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

Flows someFlows() {
  Flows flows;
  flows.cut = true;
  flows.flows.push_back({{conntrack::kUdp, ip("10.0.0.1"), 4000, ip("10.96.0.10"), 53},
                         {conntrack::kUdp, ip("10.1.0.9"), 5353, ip("10.0.0.1"), 4000},
                         std::nullopt,
                         0x2a});
  flows.flows.push_back({{conntrack::kTcp, ip("fd00::1"), 4000, ip("fd00::2"), 80},
                         {conntrack::kTcp, ip("fd00::2"), 80, ip("fd00::1"), 4000},
                         conntrack::TcpState::kEstablished,
                         8});
  return flows;
}

std::vector<IpSet> someSets() {
  return {{"KUBE-DST-1", "hash:ip", 4, 2, 1, 10, 65536, 800}, {"l", "list:set", 3, 0, 0, 2, 0, 1}};
}

TEST(KernelEvidence, SurvivesItsJson) {
  EXPECT_EQ(*parseFlows(renderFlows(someFlows())), someFlows());
  EXPECT_EQ(*parseIpSets(renderIpSets(someSets())), someSets());
  const RoundTrip trip{nanoseconds(9000), nanoseconds(5000), nanoseconds(20000), 48, 1};
  EXPECT_EQ(*parseRoundTrip(renderRoundTrip(trip)), trip);
  EXPECT_EQ(trip.addedPerPacket(), nanoseconds(2000));
  EXPECT_EQ((RoundTrip{nanoseconds(1), nanoseconds(2), {}, 1, 0}).addedPerPacket(), nanoseconds(0));
}

TEST(KernelEvidence, LeavesOutWhatIsNone) {
  const auto read = parseFlows(R"({"flows":[1,[],[6,"x"],[6,1,2,3,4,5,6,7,8,9]]})");
  ASSERT_OK(read);
  EXPECT_TRUE(read->flows.empty());
  EXPECT_FALSE(parseFlows("x"));
  EXPECT_FALSE(parseIpSets("[]"));
  EXPECT_FALSE(parseRoundTrip(""));
}

TEST(KernelEvidenceFuzz, AnyTextIsReadOrRefused) {
  std::mt19937 random(11);
  for (const std::string& whole : {renderFlows(someFlows()), renderIpSets(someSets()),
                                   renderRoundTrip({nanoseconds(1), nanoseconds(2), {}, 1, 0})}) {
    for (int round = 0; round < 3000; ++round) {
      std::string text = whole;
      for (int change = 0; change < 3; ++change) {
        text[random() % text.size()] = static_cast<char>(' ' + random() % 95);
      }
      (void)parseFlows(text);
      (void)parseIpSets(text);
      (void)parseRoundTrip(text);
    }
  }
}

}  // namespace
}  // namespace hitless::doctor
