#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "app/agent/dns_door.h"
#include "sys/dns/sockets.h"
#include "testing/result.h"
#include "testing/service_node.h"

/// The table and routes behind the door: whose they are, and what remains of them.
namespace hitless::app {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using ::testing::Not;
using testing::outputOf;

const std::vector<IpAddress> kBothAddresses = {*IpAddress::parse("10.96.0.10"),
                                               *IpAddress::parse("fd00:96::10")};

/// A network namespace with nothing but lo.
void setLoopbackUp() {
  ASSERT_EQ(outputOf("ip link set lo up"), "");
}

TEST(DnsDoor, ReadsWellInNft) {
  inNamespaces([] {
    setLoopbackUp();
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    ASSERT_OK(door->serve(kBothAddresses));
    const std::string listed = outputOf("nft list ruleset");
    EXPECT_THAT(listed, HasSubstr("table inet hitless-dns { # progname "));
    EXPECT_THAT(listed, HasSubstr("flags owner"));
    EXPECT_THAT(listed, HasSubstr("type route hook output priority raw; policy accept;"));
    EXPECT_THAT(
        listed,
        HasSubstr("ip daddr . meta l4proto . th dport @resolvers-v4 meta mark set meta mark "
                  "| 0x00001000 notrack comment \"query to this node's name server\""));
    EXPECT_THAT(listed, HasSubstr("ip6 saddr . meta l4proto . th sport @resolvers-v6 notrack "
                                  "comment \"answer of this node's name server\""));
    // A second look finds nothing to do.
    auto reader = sys::NftDataplane::open(std::string(rules::names::kResolverTable));
    const auto held = reader->read();
    ASSERT_OK(held);
    EXPECT_TRUE(*held == rules::resolverTable(kBothAddresses, {}, held->table->owner));
  });
}

TEST(DnsDoor, AnOwnedTableIsOutOfReachForOthers) {
  inNamespaces([] {
    setLoopbackUp();
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    ASSERT_OK(door->serve(kBothAddresses));
    const std::string before = outputOf("nft list table inet hitless-dns");
    EXPECT_EQ(outputOf("nft flush ruleset"), "");
    EXPECT_EQ(outputOf("nft list table inet hitless-dns"), before);
    EXPECT_THAT(outputOf("nft delete table inet hitless-dns"),
                HasSubstr("Operation not permitted"));
    const auto second = DnsDoor::open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(second.error().text(), HasSubstr("inet hitless-dns belongs to another process"));
  });
}

TEST(DnsDoor, TakesTheClaimOnceThePredecessorHasGone) {
  inNamespaces([] {
    setLoopbackUp();
    auto first = std::make_optional(DnsDoor::open());
    ASSERT_OK(*first);
    ASSERT_OK((*first)->serve(kBothAddresses));
    EXPECT_FALSE(DnsDoor::open());
    first.reset();
    auto second = DnsDoor::open();
    ASSERT_OK(second);
    ASSERT_OK(second->serve(kBothAddresses));
  });
}

TEST(DnsDoor, ReplacesATableOfItsNameThatNobodyOwnsAndRestoresRoutes) {
  inNamespaces([] {
    setLoopbackUp();
    EXPECT_EQ(outputOf("nft add table inet hitless-dns"), "");
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    ASSERT_OK(door->serve(kBothAddresses));
    EXPECT_EQ(outputOf("ip route flush table 5300; ip rule del priority 53"), "");
    ASSERT_OK(door->serve(kBothAddresses));
    EXPECT_THAT(outputOf("ip rule"), HasSubstr("fwmark 0x1000/0x1000 lookup 5300"));
    EXPECT_THAT(outputOf("ip route show table 5300"), HasSubstr("local 10.96.0.10"));
  });
}

TEST(DnsDoor, WhatOutlivesItIsRemoved) {
  inNamespaces([] {
    setLoopbackUp();
    const std::string looks = "ip rule; ip -6 rule; ip route show table all; nft list ruleset";
    const std::string before = outputOf(looks);
    {
      auto door = DnsDoor::open();
      ASSERT_OK(door);
      ASSERT_OK(door->serve(kBothAddresses));
    }
    EXPECT_NE(outputOf(looks), before);
    ASSERT_OK(removeDnsDoor());
    ASSERT_OK(removeDnsDoor());
    EXPECT_EQ(outputOf(looks), before);
  });
}

TEST(DnsDoor, RefusesAnAddressThatNeedsAnInterface) {
  inNamespaces([] {
    auto door = DnsDoor::open();
    ASSERT_OK(door);
    EXPECT_EQ(door->serve({*IpAddress::parse("fe80::10")}).error().kind, ErrorKind::kInvalid);
  });
}

}  // namespace
}  // namespace hitless::app
