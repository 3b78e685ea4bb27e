#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "core/doctor/ip_sets.h"
#include "sys/doctor/flows.h"
#include "sys/doctor/ip_sets.h"
#include "sys/doctor/round_trip.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/sockets.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::outputOf;

constexpr const char* kTrack =
    "nft 'add table inet t; add chain inet t c { type filter hook output priority 0; }; "
    "add rule inet t c ct state new accept'";

TEST(ReadFlows, StopsWhereItHasEnough) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(outputOf(kTrack), "");
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (int port = 1; port <= 3000; ++port) {
      const testing::SocketAddress to(*IpAddress::parse("127.0.0.1"),
                                      static_cast<std::uint16_t>(port));
      (void)::sendto(fd.get(), "x", 1, 0, to.get(), to.size);
    }
    const auto all = readFlows();
    ASSERT_OK(all);
    EXPECT_FALSE(all->cut);
    EXPECT_GE(all->flows.size(), 3000U);
    const auto some = readFlows(100);
    ASSERT_OK(some);
    EXPECT_TRUE(some->cut);
    EXPECT_EQ(some->flows.size(), 100U);
    EXPECT_EQ(*doctor::parseFlows(doctor::renderFlows(*some)), *some);
  });
}

TEST(IpSets, AreListedReadMadeAndDestroyed) {
  inNamespaces([] {
    auto sets = IpSets::open();
    if (!sets && sets.error().kind == ErrorKind::kNotFound) {
      GTEST_SKIP() << sets.error().text();
    }
    ASSERT_OK(sets);
    ASSERT_TRUE(sets->headers()->empty());
    auto wanted = netlink::hashOfAddresses("KUBE-X", 4096);
    for (std::uint32_t i = 0; i < 3000; ++i) {
      wanted.members.push_back(netlink::addressMember(0x0a000000 + i));
    }
    ASSERT_OK(sets->create(wanted));
    EXPECT_EQ(sets->create(wanted).error().kind, ErrorKind::kConflict);
    const auto json = ipSetsEvidence();
    ASSERT_OK(json);
    const auto headers = doctor::parseIpSets(*json);
    ASSERT_OK(headers);
    ASSERT_EQ(headers->size(), 1U);
    EXPECT_EQ(headers->front().type, "hash:ip");
    EXPECT_EQ(headers->front().elements, 3000U);
    EXPECT_EQ(headers->front().maxElements, 4096U);
    EXPECT_EQ(headers->front().references, 0U);

    const auto whole = sets->read("KUBE-X");
    ASSERT_OK(whole);
    EXPECT_EQ(whole->members.size(), 3000U);
    ASSERT_OK(sets->destroy("KUBE-X"));
    EXPECT_EQ(sets->destroy("KUBE-X").error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(sets->read("KUBE-X").error().kind, ErrorKind::kNotFound);
    // What was read is enough to make it again.
    ASSERT_OK(sets->create(*whole));
    const auto again = sets->read("KUBE-X");
    ASSERT_OK(again);
    EXPECT_EQ(again->members.size(), 3000U);
    EXPECT_EQ(again->made, whole->made);
  });
}

TEST(MeasureRoundTrip, RulesAreSeen) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    const auto without = measureRoundTrip();
    ASSERT_OK(without);
    EXPECT_GT(without->trips, 0U);
    EXPECT_GT(without->here.count(), 0);
    EXPECT_GT(without->empty.count(), 0);
    std::string rules = "*filter\n";
    for (int i = 0; i < 20000; ++i) {
      rules += "-A INPUT -s 192.0.2.1/32 -m mark --mark 0x7 -j ACCEPT\n";
    }
    FILE* pipe = ::popen("iptables-legacy-restore", "w");
    ASSERT_NE(pipe, nullptr);
    std::fputs((rules + "COMMIT\n").c_str(), pipe);
    ASSERT_EQ(::pclose(pipe), 0);
    const auto with = measureRoundTrip();
    ASSERT_OK(with);
    // 20,000 rules take more than 100 us; half of that no scheduler hides.
    EXPECT_GT(with->addedPerPacket(), std::chrono::microseconds(50));
    EXPECT_EQ(with->lost, 0U);
  });
}

TEST(MeasureRoundTrip, LostDatagramsAreNoRoundTrip) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(outputOf("iptables-legacy -A INPUT -p udp -j DROP"), "");
    const auto trip = measureRoundTrip();
    ASSERT_OK(trip);
    EXPECT_EQ(trip->trips, 0U);
    EXPECT_GT(trip->lost, 0U);
  });
}

}  // namespace
}  // namespace hitless::sys
