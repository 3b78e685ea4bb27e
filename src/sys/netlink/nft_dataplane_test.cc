#include "sys/netlink/nft_dataplane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/rules/dispatch.h"
#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/services.h"

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

/// What the table holds for `services` services of two endpoints each, and those in `special`.
nft::Ruleset loaded(std::uint32_t services, std::vector<kube::ObjectPtr> special = {}) {
  std::vector<kube::ObjectPtr> slices;
  for (std::uint32_t i = 0; i < services; ++i) {
    const std::string name = fmt::format("service-{}", i);
    special.push_back(testing::service(name, IpAddress::v4(0x0a600000 + i).text()));
    slices.push_back(testing::slice(name, {{IpAddress::v4(0x0af40000 + i * 2).text()},
                                           {IpAddress::v4(0x0af40001 + i * 2).text()}}));
  }
  service::SnapshotBuilder builder;
  builder.applyServices(testing::full(std::move(special)));
  builder.applyEndpointSlices(testing::full(std::move(slices)));
  nft::MemoryDataplane memory(kTable);
  rules::Programmer programmer(memory, {"node-1", ""}, options());
  EXPECT_TRUE(programmer.sync(builder.current(), {true, {}}));
  return memory.ruleset();
}

/// Services that need chains and maps of their own.
std::vector<kube::ObjectPtr> specialServices() {
  const std::vector<testing::PortSpec> ports = {{"http", "TCP", 80, 30080},
                                                {"dns", "UDP", 53, 30053}};
  return {testing::loadBalancer("sticky", "10.97.0.1,fd00:96::1", R"([{"ip":"192.0.2.1"}])", ports,
                                R"("sessionAffinity":"ClientIP","externalTrafficPolicy":"Local")"),
          testing::loadBalancer("guarded", "10.97.0.2", R"([{"ip":"192.0.2.2"}])", ports,
                                R"("loadBalancerSourceRanges":["203.0.113.0/25","10.0.0.0/8"])")};
}

TEST(NftDataplane, WhatIsAppliedIsReadBack) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    const auto nothing = dataplane->read();
    ASSERT_OK(nothing);
    EXPECT_FALSE(nothing->table);

    const nft::Ruleset wanted = loaded(3, specialServices());
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
    EXPECT_THAT(listed,
                HasSubstr("10.96.0.0 . tcp . 80 . 0x00000000 comment \"default/service-0:http\" "
                          ": 10.244.0.0 . 8080"));
    EXPECT_THAT(listed, HasSubstr("dnat ip to ip daddr . meta l4proto . th dport . numgen random "
                                  "mod 4 map @service-endpoints-v4"));
    EXPECT_THAT(listed, HasSubstr("update @affinity-v4-default/sticky/tcp/80-cluster { ip saddr "
                                  "timeout 3h : ip daddr . th dport }"));
    EXPECT_THAT(listed, HasSubstr("fib saddr type local"));
    EXPECT_THAT(listed, HasSubstr("ip daddr . meta l4proto . th dport vmap @source-ranges-v4"));
  });
}

TEST(NftDataplane, OneChangedEndpointIsOneElement) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open(kTable);
    ASSERT_OK(dataplane);
    nft::Ruleset wanted = loaded(50);
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    const nft::Ruleset before = wanted;
    auto& endpoints =
        wanted.sets.at(rules::endpointsMap(rules::PortKind::kAddress, IpFamily::kV4)).elements;
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
    const nft::Ruleset wanted = loaded(1);
    ASSERT_OK(dataplane->apply(nft::diff({}, wanted)));
    const nft::Transaction bad{
        kTable,
        {nft::AddChain{{"extra", std::nullopt, ""}},
         nft::DeleteElements{rules::names::suffixed(rules::names::kClusterIps, IpFamily::kV4),
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
    const nft::Ruleset wanted = loaded(10000);
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
