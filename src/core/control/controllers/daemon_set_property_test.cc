#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "core/control/controllers/pods.h"
#include "testing/daemon_sets.h"
#include "testing/simulated_cluster.h"
#include "testing/stateful_sets.h"

namespace hitless::control {
namespace {

using hitless::testing::advanceOnePod;
using hitless::testing::agentDaemonSet;
using hitless::testing::imagePatch;
using hitless::testing::SimulatedCluster;
using kube::res::kDaemonSets;

constexpr int kNodeCount = 4;

struct Bounds {
  int perNode = 1;      ///< Active pods.
  int unavailable = 1;  ///< Nodes without a ready pod.
};

void check(const SimulatedCluster& cluster, const Bounds& bounds) {
  std::map<std::string, int> active;
  std::map<std::string, int> ready;
  for (const kube::Pod& pod : cluster.pods()) {
    active[pod.nodeName] += isActive(pod) && !pod.nodeName.empty() ? 1 : 0;
    ready[pod.nodeName] += isActive(pod) && pod.ready() ? 1 : 0;
  }
  int missing = 0;
  for (int i = 1; i <= kNodeCount; ++i) {
    const std::string node = fmt::format("node-{}", i);
    RC_ASSERT(active[node] <= bounds.perNode);
    missing += ready[node] == 0 ? 1 : 0;
  }
  RC_ASSERT(missing <= bounds.unavailable);
}

/// Whatever the order in which things happen, and although some of it fails: a rollout keeps to
/// maxUnavailable or maxSurge, and ends.
RC_GTEST_PROP(DaemonSet, KeepsToItsBounds, ()) {
  ManagerOptions options;
  options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // The nodes are not what is tested.
  SimulatedCluster cluster(options, kNodeCount);
  const bool surges = *rc::gen::arbitrary<bool>();
  const int most = *rc::gen::inRange(1, kNodeCount);
  cluster.create(
      kDaemonSets,
      agentDaemonSet(fmt::format(
          R"(,"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{"maxSurge":{},"maxUnavailable":{}}}}})",
          surges ? most : 0, surges ? 0 : most)));
  cluster.runPods();
  const Bounds bounds{surges ? 2 : 1, surges ? 0 : most};
  int refusals = 0;
  cluster.api.admission = [&refusals](const Action&) -> Status {
    if (refusals > 0 && refusals-- == 1) {
      return fail(ErrorKind::kUnavailable, "try again later");
    }
    return {};
  };
  const int steps = *rc::gen::inRange(0, 100);
  for (int i = 0; i < steps; ++i) {
    const auto choice = *rc::gen::arbitrary<unsigned>();
    if (choice % 16 == 0) {
      cluster.patch(kDaemonSets, "agent", imagePatch(fmt::format("x:{}", choice / 16 % 3)));
    } else if (choice % 16 == 1) {
      refusals = static_cast<int>(choice / 16 % 4);
    } else if (choice % 16 == 2) {
      cluster.pass(milliseconds(20));
    } else if (choice % 16 < 8) {
      advanceOnePod(cluster, choice / 16);
    } else {
      cluster.step();
    }
    check(cluster, bounds);
  }
  refusals = 0;
  do {
    cluster.pass(seconds(2000));  // Longer than any back-off.
    check(cluster, bounds);
  } while (advanceOnePod(cluster, 0));
  cluster.api.admission = nullptr;
  const kube::DaemonSetStatus status = cluster.daemonSet("agent").status;
  RC_ASSERT(status.updatedNumberScheduled == kNodeCount);
  RC_ASSERT(status.numberAvailable == kNodeCount);
  RC_ASSERT(static_cast<int>(cluster.pods().size()) == kNodeCount);
}

}  // namespace
}  // namespace hitless::control
