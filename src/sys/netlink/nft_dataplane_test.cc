#include "sys/netlink/nft_dataplane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/rules/elements.h"
#include "core/rules/names.h"
#include "core/rules/skeleton.h"
#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

const std::string kTable(rules::names::kTable);

rules::Options options() {
  return {{IpFamily::kV4, IpFamily::kV6},
          rules::podsIn({*Cidr::parse("10.244.1.0/24"), *Cidr::parse("10.8.0.0/13"),
                         *Cidr::parse("fd00:1::/64")})};
}

/// The skeleton with `services` services of `endpoints` endpoints each.
nft::Ruleset loaded(std::uint32_t services, std::uint32_t endpoints) {
  nft::Ruleset ruleset = rules::skeleton(options());
  rules::ElementsBySet elements;
  for (std::uint32_t i = 0; i < services; ++i) {
    rules::LaidOutService service;
    service.plan.vips = {IpAddress::v4(0x0a600000 + i)};
    service::PlannedPort port;
    port.vip = service.plan.vips[0];
    port.port = 80;
    port.outcome = service::Outcome::kForward;
    service.plan.ports = {port};
    service.slots.resize(1);
    for (std::uint32_t e = 0; e < endpoints; ++e) {
      service.slots[0].push_back({IpAddress::v4(0x0af40000 + i * endpoints + e), 8080});
    }
    rules::addElements(elements, options(), {"default", fmt::format("service-{}", i)}, service);
  }
  for (auto& [set, list] : elements) {
    ruleset.sets[set].elements.merge(list);
  }
  return ruleset;
}

TEST(NftDataplane, WhatIsAppliedIsReadBack) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    const auto nothing = dataplane->read();
    ASSERT_OK(nothing);
    EXPECT_FALSE(nothing->table);

    const nft::Ruleset wanted = loaded(3, 2);
    ASSERT_OK(dataplane->apply(nft::diff(*nothing, wanted)));
    const auto applied = dataplane->read();
    ASSERT_OK(applied);
    EXPECT_EQ(applied->table, wanted.table);
    for (const auto& [name, set] : wanted.sets) {
      EXPECT_TRUE(applied->sets.contains(name) && applied->sets.at(name) == set) << name;
    }
    for (const auto& [name, chain] : wanted.chains) {
      EXPECT_TRUE(applied->chains.contains(name) && applied->chains.at(name) == chain) << name;
    }
    EXPECT_TRUE(*applied == wanted);
    EXPECT_TRUE(nft::diff(*applied, wanted).empty());
    // People read it with nft, so nft must be able to.
    const std::string listed = outputOf("nft list table inet hitless");
    EXPECT_THAT(listed, HasSubstr("10.96.0.0 . tcp . 80 . 0x00000000 comment \"default/service-0\" "
                                  ": 10.244.0.0 . 8080"));
    EXPECT_THAT(listed, HasSubstr("dnat ip to ip daddr . meta l4proto . th dport . numgen random "
                                  "mod 4 map @service-endpoints-v4"));
  });
}

TEST(NftDataplane, OneChangedEndpointIsOneElement) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    nft::Ruleset wanted = loaded(50, 2);
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    const nft::Ruleset before = wanted;
    auto& endpoints = wanted.sets.at(rules::names::serviceEndpoints(IpFamily::kV4)).elements;
    auto& value = endpoints.begin()->second;
    value.target = nft::Datum().address(*IpAddress::parse("10.244.9.9")).port(99);
    const auto receipt = dataplane->apply(nft::diff(before, wanted));
    ASSERT_OK(receipt);
    EXPECT_EQ(receipt->elements, 1U);
    EXPECT_LT(receipt->bytes, 600U);
    EXPECT_TRUE(dataplane->read() == wanted);
  });
}

TEST(NftDataplane, ARefusalNamesTheOperationAndChangesNothing) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    const nft::Ruleset wanted = loaded(1, 1);
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    const nft::Transaction bad{
        kTable,
        {nft::AddChain{{"extra", std::nullopt, ""}},
         nft::DeleteElements{rules::names::clusterIps(IpFamily::kV4),
                             {nft::Datum().address(*IpAddress::parse("192.0.2.1"))}},
         nft::AddChain{{"another", std::nullopt, ""}}}};
    const auto refused = dataplane->apply(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().osError, ENOENT);
    EXPECT_THAT(refused.error().text(),
                HasSubstr("operation 1 (delete 1 element of cluster-ips-v4)"));
    EXPECT_TRUE(dataplane->read() == wanted);
  });
}

TEST(NftDataplane, ALoadTooLargeForTheSocketIsCut) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable, 300'000);
    ASSERT_OK(dataplane);
    const nft::Ruleset wanted = loaded(10000, 2);
    const auto receipt = dataplane->apply(nft::diff({}, wanted));
    ASSERT_OK(receipt);
    EXPECT_GT(receipt->batches, 3U);
    EXPECT_TRUE(dataplane->read() == wanted);
    // Deleting the table deletes everything in it.
    ASSERT_OK(dataplane->apply(nft::diff(wanted, {})));
    EXPECT_EQ(outputOf("nft list tables"), "");
  });
}

}  // namespace
}  // namespace hitless::sys
