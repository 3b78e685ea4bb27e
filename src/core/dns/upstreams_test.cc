#include "core/dns/upstreams.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/fake_rng.h"
#include "testing/result.h"

namespace hitless::dns {
namespace {

UpstreamAddress server(int number) {
  return {*IpAddress::parse("192.0.2." + std::to_string(number)), 53};
}

struct DnsUpstreams : ::testing::Test {
  std::vector<UpstreamAddress> order(std::string_view name) {
    return upstreams.order(Name::parse(name)->wire(), rng);
  }
  hitless::testing::FakeRng rng;
  Upstreams upstreams{UpstreamPolicy::kSequential, 2};
};

TEST_F(DnsUpstreams, TakesTheLongestZone) {
  ASSERT_OK(upstreams.set({{Name{}, {server(1)}},
                           {*Name::parse("corp.example"), {server(2)}},
                           {*Name::parse("lab.corp.example"), {server(3)}},
                           {*Name::parse("empty.example"), {}}}));
  EXPECT_EQ(order("www.example."), std::vector{server(1)});
  EXPECT_EQ(order("notcorp.example."), std::vector{server(1)});
  EXPECT_EQ(order("corp.example."), std::vector{server(2)});
  EXPECT_EQ(order("a.lab.corp.example."), std::vector{server(3)});
  EXPECT_TRUE(order("a.empty.example.").empty());
  ASSERT_OK(upstreams.set({{*Name::parse("corp.example"), {server(2)}}}));
  EXPECT_TRUE(order("www.example.").empty());
}

TEST_F(DnsUpstreams, OrdersByPolicy) {
  const UpstreamGroup all{Name{}, {server(1), server(2), server(3)}};
  ASSERT_OK(upstreams.set({all}));
  EXPECT_EQ(order("a."), all.servers);
  EXPECT_EQ(order("a."), all.servers);

  upstreams = Upstreams(UpstreamPolicy::kRoundRobin, 2);
  ASSERT_OK(upstreams.set({all}));
  EXPECT_EQ(order("a."), all.servers);
  EXPECT_EQ(order("a."), (std::vector{server(2), server(3), server(1)}));
  EXPECT_EQ(order("a."), (std::vector{server(3), server(1), server(2)}));

  upstreams = Upstreams(UpstreamPolicy::kRandom, 2);
  ASSERT_OK(upstreams.set({all}));
  std::set<std::vector<UpstreamAddress>> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(order("a."));
  }
  EXPECT_EQ(seen.size(), 6U);
}

TEST_F(DnsUpstreams, KeepsWhatIsKnownOfThoseThatStay) {
  ASSERT_OK(upstreams.set({{Name{}, {server(1), server(2)}}}));
  upstreams.find(server(1))->failedProbes = 2;
  EXPECT_TRUE(upstreams.isDown(server(1)));
  EXPECT_FALSE(upstreams.areDown({server(1), server(2)}));
  ASSERT_OK(upstreams.set({{Name{}, {server(1), server(3)}}}));
  EXPECT_TRUE(upstreams.isDown(server(1)));
  EXPECT_TRUE(upstreams.areDown({server(1)}));
  EXPECT_EQ(upstreams.find(server(2)), nullptr);
}

TEST_F(DnsUpstreams, RefusesTooManyAndTwoListsOfOneZone) {
  UpstreamGroup many;
  for (int i = 1; i <= 16; ++i) {
    many.servers.push_back(server(i));
  }
  EXPECT_EQ(upstreams.set({many}).error().message, "more than 15 upstreams for \".\"");
  EXPECT_FALSE(upstreams.set({{Name{}, {server(1)}}, {Name{}, {server(2)}}}));
}

TEST(DnsUpstreamsOf, LeavesOutOurselvesAndRepetitions) {
  const auto ip = [](std::string_view text) { return *IpAddress::parse(text); };
  EXPECT_EQ(upstreamsOf({ip("192.0.2.1"), ip("169.254.20.10"), ip("192.0.2.1"), ip("2001:db8::1")},
                        {{ip("169.254.20.10"), 53}, {ip("192.0.2.1"), 5353}}),
            (std::vector<UpstreamAddress>{{ip("192.0.2.1"), 53}, {ip("2001:db8::1"), 53}}));
  EXPECT_EQ((UpstreamAddress{ip("2001:db8::1"), 53}.text()), "[2001:db8::1]:53");
}

TEST(DnsDurations, FallIntoCoreDnssBuckets) {
  Durations durations;
  durations.add(nanoseconds(250000));
  durations.add(milliseconds(3));
  durations.add(seconds(9));
  EXPECT_EQ(durations.counts[0], 1U);
  EXPECT_EQ(durations.counts[4], 1U);  // 2 to 4 ms.
  EXPECT_EQ(durations.counts[Durations::kBuckets], 1U);
  EXPECT_EQ(Durations::bound(15), milliseconds(8192));
}

}  // namespace
}  // namespace hitless::dns
