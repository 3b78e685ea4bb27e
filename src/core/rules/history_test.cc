#include <gtest/gtest.h>

#include "core/nft/memory_dataplane.h"
#include "core/nft/text.h"
#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "core/rules/skeleton.h"
#include "testing/fake_rng.h"
#include "testing/history.h"
#include "testing/result.h"
#include "testing/ruleset_shape.h"

/// Whatever happens to the objects, small steps lead to the same rules as one full sync.
namespace hitless::rules {
namespace {

using testing::History;
using testing::shapeOf;

constexpr int kShards = 4;
constexpr int kHistories = 10000 / kShards;
constexpr int kSteps = 12;
constexpr int kFullSyncEach = 25;  ///< As often a real full sync is compared too: it is slower.

const service::NodeView kNode{"node-1", "", "a", {*IpAddress::parse("172.30.0.2")}};

Options options(bool dualStack) {
  Options options{{IpFamily::kV4}, podsIn({*Cidr::parse("10.244.1.0/24")})};
  if (dualStack) {
    options.families.push_back(IpFamily::kV6);
  }
  options.nodePortAddresses = kNode.addresses;
  return options;
}

/// All services' contributions to the bare rules, made at once.
nft::Ruleset builtAtOnce(const service::Snapshot& snapshot, const Options& options,
                         nft::Ruleset bare) {
  std::set<IpAddress> hairpins;
  const Claims claims = Claims::of(snapshot, kNode);
  snapshot.forEach([&](const service::ServiceName& name, const service::ServiceState& state) {
    service::PlannedService plan = service::planFor(state, kNode);
    if (plan.skipped) {
      return;
    }
    yieldClaims(plan, name, [&](const Claim& claim) { return claims.holder(claim); });
    const LaidOutService service = layOut(std::move(plan), {});
    contribute(bare, {options, kNode.addresses}, name, service);
    for (const auto& family : service.plan.families) {
      for (const auto& port : family.ports) {
        if (enabled(options, family.family)) {
          hairpins.insert(port.localHosts.begin(), port.localHosts.end());
        }
      }
    }
  });
  for (const IpAddress& address : hairpins) {
    bare.sets[names::suffixed(names::kHairpin, address.family())].elements.insert(
        hairpinElement(address));
  }
  return bare;
}

/// The chains that every table has say nothing about services.
nft::Ruleset withoutSkeleton(nft::Ruleset ruleset, const nft::Ruleset& skeleton) {
  for (const auto& [name, chain] : skeleton.chains) {
    ruleset.chains.erase(name);
  }
  return ruleset;
}

void runHistory(std::uint64_t seed, Programmer& programmer, nft::MemoryDataplane& dataplane,
                const Options& options, const nft::Ruleset& skeleton) {
  testing::FakeRng rng(seed);
  History history(rng);
  service::SnapshotBuilder builder;
  ASSERT_OK(programmer.sync(builder.current(), history.everything()));
  service::Changes changes;
  for (int i = 0; i < kSteps; ++i) {
    const History::Step step = history.next();
    service::Changes more = step.services ? builder.applyServices(step.update)
                                          : builder.applyEndpointSlices(step.update);
    // A full list may also be treated step by step: it says which services it touched.
    more.all = more.all && rng.below(8) == 0;
    changes.merge(more);
    if (rng.below(3) != 0 || i + 1 == kSteps) {
      ASSERT_OK(programmer.sync(builder.current(), changes));
      changes = {};
    }
  }
  nft::Ruleset bare = skeleton;
  bare.chains.clear();
  const auto wanted = shapeOf(builtAtOnce(builder.current(), options, std::move(bare)));
  const auto applied = shapeOf(withoutSkeleton(dataplane.ruleset(), skeleton));
  EXPECT_FALSE(applied.gaps) << "seed " << seed;
  ASSERT_TRUE(applied == wanted) << "seed " << seed << "\n"
                                 << nft::render(applied.rest) << "\nbut wanted\n"
                                 << nft::render(wanted.rest);
  if (seed % kFullSyncEach == 0) {
    nft::MemoryDataplane other{std::string(names::kTable)};
    ASSERT_OK(Programmer(other, kNode, options).sync(builder.current(), {true, {}}));
    ASSERT_TRUE(shapeOf(other.ruleset()) == shapeOf(dataplane.ruleset())) << "seed " << seed;
    EXPECT_TRUE(other.ruleset().chains == dataplane.ruleset().chains) << "seed " << seed;
  }
}

class RulesHistory : public ::testing::TestWithParam<int> {};

TEST_P(RulesHistory, EndsWhereAFullBuildDoes) {
  const Options chosen = options(GetParam() % 2 == 1);
  const nft::Ruleset bare = skeleton(chosen);
  nft::MemoryDataplane dataplane{std::string(names::kTable)};
  Programmer programmer(dataplane, kNode, chosen);
  for (int i = 0; i < kHistories && !HasFatalFailure(); ++i) {
    runHistory(static_cast<std::uint64_t>(GetParam() * kHistories + i), programmer, dataplane,
               chosen, bare);
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, RulesHistory, ::testing::Range(0, kShards));

}  // namespace
}  // namespace hitless::rules
