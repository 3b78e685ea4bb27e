#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/control/eviction.h"
#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using kube::res::kPodDisruptionBudgets;
using kube::res::kPods;

kube::PodDisruptionBudget budgetIn(const SimulatedCluster& cluster) {
  return kube::podDisruptionBudgetOf(*cluster.get(kPodDisruptionBudgets, "web"));
}

/// As the API server does it: the budget pays first, then the pod is deleted. True if it may go.
bool evictPod(SimulatedCluster& cluster, const kube::Pod& pod, bool crashInBetween) {
  const kube::PodDisruptionBudget budget = budgetIn(cluster);
  const auto allowed = evict(pod, {budget}, cluster.clock.wall());
  if (!allowed) {
    return false;
  }
  if (allowed->paid) {
    cluster.patch(kPodDisruptionBudgets, "web",
                  kube::json::serialize(
                      kube::json::object{{"status", kube::statusPatch(budget, *allowed->paid)}}),
                  "status");
  }
  if (!crashInBetween) {
    cluster.remove(kPods, pod.meta.name);
  }
  return true;
}

std::int64_t healthy(const SimulatedCluster& cluster) {
  std::int64_t count = 0;
  for (const kube::Pod& pod : cluster.pods()) {
    count += pod.ready() && !pod.meta.terminating() ? 1 : 0;
  }
  return count;
}

/// However evictions, controllers and kubelets interleave: evictions alone never leave fewer
/// healthy pods than the budget asks for.
RC_GTEST_PROP(Disruption, EvictionsNeverExceedTheBudget, ()) {
  const int replicas = *rc::gen::inRange(1, 8);
  const int least = *rc::gen::inRange(0, 8);
  ManagerOptions options;
  options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // The nodes are not what is tested.
  SimulatedCluster cluster(options, 2);
  cluster.create(kPodDisruptionBudgets,
                 fmt::format(R"({{"metadata":{{"name":"web","namespace":"default"}},"spec":{{
                     "selector":{{"matchLabels":{{"app":"web"}}}},"minAvailable":{}}}}})",
                             least));
  cluster.create(kube::res::kDeployments, hitless::testing::webDeployment(replicas));
  cluster.runPods();
  const int steps = *rc::gen::inRange(0, 80);
  for (int i = 0; i < steps; ++i) {
    const auto choice = *rc::gen::arbitrary<unsigned>();
    const auto pods = cluster.pods();
    if (pods.empty()) {
      cluster.step();
      continue;
    }
    const kube::Pod& pod = pods[choice / 8 % pods.size()];
    if (choice % 8 < 3) {
      const std::int64_t before = healthy(cluster);
      const bool wasHealthy = pod.ready() && !pod.meta.terminating();
      const bool crash = choice % 8 == 0;
      if (evictPod(cluster, pod, crash) && wasHealthy && !crash) {
        RC_ASSERT(before - 1 >= least);
      }
    } else if (choice % 8 == 3 && pod.meta.terminating()) {
      cluster.finishPod(pod);
    } else if (choice % 8 == 4 && !pod.nodeName.empty() && pod.podIPs.empty()) {
      cluster.startPod(pod);
    } else if (choice % 8 == 5 && !pod.podIPs.empty()) {
      cluster.setReady(pod);
    } else {
      cluster.step();
    }
  }
  cluster.pass(seconds(300));  // Evictions that came to nothing are forgotten.
  cluster.runPods();
  RC_ASSERT(budgetIn(cluster).status.disruptionsAllowed ==
            std::max<std::int64_t>(replicas - least, 0));
}

}  // namespace
}  // namespace hitless::control
