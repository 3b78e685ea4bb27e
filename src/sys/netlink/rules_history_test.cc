#include <gtest/gtest.h>

#include "core/rules/names.h"
#include "core/rules/programmer.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/fake_rng.h"
#include "testing/history.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/ruleset_shape.h"

/// The kernel itself after random histories, read back: small steps lead where one full sync does,
/// and a full sync on top of them finds nothing to change.
namespace hitless::sys {
namespace {

using testing::History;
using testing::inNamespaces;
using testing::shapeOf;

constexpr int kHistories = 25;
constexpr int kSteps = 20;

rules::Options options() {
  rules::Options options{{IpFamily::kV4, IpFamily::kV6},
                         rules::podsIn({*Cidr::parse("10.244.1.0/24")})};
  options.nodePortAddresses = {*IpAddress::parse("172.30.0.2")};
  return options;
}

const service::NodeView kNode{"node-1", "", "a", {*IpAddress::parse("172.30.0.2")}};

void runHistory(std::uint64_t seed, NftDataplane& kernel) {
  testing::FakeRng rng(seed);
  History history(rng);
  service::SnapshotBuilder builder;
  rules::Programmer programmer(kernel, kNode, options());
  for (int i = 0; i < kSteps; ++i) {
    const History::Step step = history.next();
    const auto changes = step.services ? builder.applyServices(step.update)
                                       : builder.applyEndpointSlices(step.update);
    const auto done = programmer.sync(builder.current(), changes);
    ASSERT_TRUE(done) << "seed " << seed << ", step " << i << ": " << done.error().text();
  }
  const auto applied = kernel.read();
  ASSERT_OK(applied);
  EXPECT_FALSE(shapeOf(*applied).gaps) << "seed " << seed;

  rules::Programmer successor(kernel, kNode, options());
  const auto again = successor.sync(builder.current(), {true, {}});
  ASSERT_OK(again);
  EXPECT_EQ(again->dataplane.operations, 0U) << "seed " << seed;

  ASSERT_OK(successor.cleanup());
  rules::Programmer fresh(kernel, kNode, options());
  ASSERT_OK(fresh.sync(builder.current(), {true, {}}));
  const auto rebuilt = kernel.read();
  ASSERT_OK(rebuilt);
  EXPECT_TRUE(shapeOf(*rebuilt) == shapeOf(*applied)) << "seed " << seed;
  ASSERT_OK(fresh.cleanup());
}

TEST(KernelHistory, EndsWhereAFullSyncDoes) {
  inNamespaces([] {
    auto kernel = NftDataplane::open(std::string(rules::names::kTable));
    ASSERT_OK(kernel);
    for (int i = 0; i < kHistories && !::testing::Test::HasFatalFailure(); ++i) {
      runHistory(static_cast<std::uint64_t>(i), *kernel);
    }
  });
}

}  // namespace
}  // namespace hitless::sys
