#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/control/controllers/pods.h"
#include "core/control/controllers/rollout_limits.h"
#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::advanceOnePod;
using hitless::testing::SimulatedCluster;

struct Bounds {
  std::int64_t least = 0;  ///< Available pods.
  std::int64_t most = 0;   ///< Pods that are not terminating.
};

void check(const SimulatedCluster& cluster, const Bounds& bounds) {
  std::int64_t active = 0;
  std::int64_t available = 0;
  for (const kube::Pod& pod : cluster.pods()) {
    active += isActive(pod) ? 1 : 0;
    available += isActive(pod) && pod.ready() ? 1 : 0;
  }
  RC_ASSERT(active <= bounds.most);
  RC_ASSERT(available >= bounds.least);
}

/// Whatever the order in which controllers run and pods become ready, a rollout keeps to its bounds
/// and ends.
RC_GTEST_PROP(Rollout, KeepsToItsBounds, ()) {
  const int replicas = *rc::gen::inRange(1, 9);
  const int surge = *rc::gen::inRange(0, 4);
  const int unavailable = *rc::gen::inRange(0, 4);
  SimulatedCluster cluster({}, 2);
  cluster.create(kube::res::kDeployments,
                 hitless::testing::webDeployment(replicas, std::to_string(surge),
                                                 std::to_string(unavailable)));
  cluster.runPods();
  const RolloutLimits limits = limitsOf(cluster.deployment("web"));
  const Bounds bounds{replicas - limits.unavailable, replicas + limits.surge};

  const int restarts = *rc::gen::inRange(1, 3);
  for (int restart = 0; restart < restarts; ++restart) {
    cluster.patch(kube::res::kDeployments, "web",
                  hitless::testing::restartPatch(std::to_string(restart)));
    // A restart may come in the middle of the one before.
    const int steps = *rc::gen::inRange(0, 40);
    for (int i = 0; i < steps; ++i) {
      const auto choice = *rc::gen::arbitrary<unsigned>();
      if (choice % 3 == 0) {
        advanceOnePod(cluster, choice / 3);
      } else {
        cluster.step();
      }
      check(cluster, bounds);
    }
  }
  do {
    RC_ASSERT(cluster.settle());
    check(cluster, bounds);
  } while (advanceOnePod(cluster, 0));

  const kube::Deployment web = cluster.deployment("web");
  RC_ASSERT(web.status.updatedReplicas == replicas);
  RC_ASSERT(web.status.availableReplicas == replicas);
  RC_ASSERT(static_cast<int>(cluster.pods().size()) == replicas);
}

}  // namespace
}  // namespace hitless::control
