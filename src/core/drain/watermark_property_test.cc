#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "testing/watermark/world.h"

namespace hitless::drain {
namespace {

using testing::watermark::Defect;
using testing::watermark::World;
using testing::watermark::WorldOptions;

using Choices = std::vector<std::uint16_t>;

/// What went wrong first; empty if nothing did.
std::string firstViolation(const WorldOptions& options, const Choices& choices) {
  World world(options);
  for (const std::uint16_t choice : choices) {
    world.act(choice);
    world.run(milliseconds(choice % 500));
  }
  world.heal();
  return world.judge().violations().empty() ? "" : world.judge().violations().front();
}

/// Whatever is late, lost, restarted or cut off: no pod gets its SIGTERM while a live node may send
/// it a new connection, unless the verdict says which node (or slice) kept it waiting for too long;
/// and every hook is answered within its budget. The gate, the reflectors and the snapshot are the
/// real ones.
RC_GTEST_PROP(Watermark, NoSigtermWhileALiveNodeSends, ()) {
  WorldOptions options;
  options.seed = *rc::gen::arbitrary<std::uint64_t>();
  options.nodes = *rc::gen::inRange(1, 6);
  options.watchList = *rc::gen::arbitrary<bool>();
  const auto choices = *rc::gen::container<Choices>(80, rc::gen::arbitrary<std::uint16_t>());
  const std::string violation = firstViolation(options, choices);
  RC_LOG() << violation;
  RC_ASSERT(violation.empty());
}

/// What the property speaks of does happen: every verdict is given, and most are no time-outs.
TEST(Watermark, EveryVerdictOccurs) {
  std::map<GateReason, int> reasons;
  testing::FakeRng rng(11);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world({seed, 3, seed % 2 == 0, Defect::kNone});
    for (int i = 0; i < 80; ++i) {
      world.act(static_cast<unsigned>(rng.below(1 << 16)));
      world.run(milliseconds(rng.below(500)));
    }
    for (const auto& [reason, times] : world.judge().reasons()) {
      reasons[reason] += times;
    }
  }
  EXPECT_EQ(reasons.size(), 6U);
  EXPECT_GT(reasons[GateReason::kAcknowledged], 50);
}

/// The test sees it when the loop acknowledges what its kernel does not hold.
class WatermarkDefect : public ::testing::TestWithParam<Defect> {};

TEST_P(WatermarkDefect, IsFound) {
  testing::FakeRng rng(7);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Choices choices(80);
    for (std::uint16_t& choice : choices) {
      choice = static_cast<std::uint16_t>(rng.next());
    }
    if (!firstViolation({seed, 3, seed % 2 == 0, GetParam()}, choices).empty()) {
      return;
    }
  }
  FAIL() << "200 clusters with this defect passed";
}

INSTANTIATE_TEST_SUITE_P(Loop, WatermarkDefect,
                         ::testing::Values(Defect::kAcknowledgesBeforeCommit,
                                           Defect::kAcknowledgesBookmarksBeforeCommit,
                                           Defect::kAcknowledgesOtherCollections,
                                           Defect::kAcknowledgesUnsynced));

}  // namespace
}  // namespace hitless::drain
