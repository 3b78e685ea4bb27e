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
  return {
      {IpFamily::kV4, IpFamily::kV6},
      {*Cidr::parse("10.244.1.0/24"), *Cidr::parse("10.8.0.0/13"), *Cidr::parse("fd00:1::/64")}};
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
    if (std::getenv("SHOW"))
      std::puts(outputOf("nft list ruleset").c_str());
  });
}

}  // namespace
}  // namespace hitless::sys
