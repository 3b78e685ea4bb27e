#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/control/controllers/job_pods.h"
#include "core/control/controllers/pods.h"
#include "testing/jobs.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using kube::res::kJobs;
using kube::res::kPods;

/// Lets one pod take its next step in life.
bool advanceOnePod(SimulatedCluster& cluster, unsigned choice, bool mayFail) {
  std::vector<kube::Pod> moving;
  for (const kube::Pod& pod : cluster.pods()) {
    if (!pod.finished() && !pod.nodeName.empty()) {
      moving.push_back(pod);
    }
  }
  if (moving.empty()) {
    return false;
  }
  const kube::Pod& pod = moving[choice % moving.size()];
  if (pod.meta.terminating()) {
    cluster.finishPod(pod);
  } else if (pod.podIPs.empty()) {
    cluster.startPod(pod);
  } else if (mayFail && choice % 3 == 0) {
    cluster.endPod(pod, "Failed");
  } else {
    cluster.endPod(pod, "Succeeded");
  }
  return true;
}

/// Whatever fails, and whoever deletes pods in between: never more pods at once than parallelism,
/// every end is counted exactly once, and in the end there are as many successes as were asked for.
RC_GTEST_PROP(Job, CountsEveryPodOnce, ()) {
  ManagerOptions options;
  options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // The nodes are not what is tested.
  SimulatedCluster cluster(options);
  const int completions = *rc::gen::inRange(1, 6);
  const int parallelism = *rc::gen::inRange(1, 4);
  const bool indexed = *rc::gen::arbitrary<bool>();
  cluster.create(
      kJobs, hitless::testing::job(fmt::format(
                 R"(,"completions":{},"parallelism":{},"backoffLimit":1000,"completionMode":"{}")",
                 completions, parallelism, indexed ? "Indexed" : "NonIndexed")));
  int refusals = 0;
  cluster.api.admission = [&refusals](const Action&) -> Status {
    if (refusals > 0 && refusals-- == 1) {
      return fail(ErrorKind::kUnavailable, "try again later");
    }
    return {};
  };
  const auto check = [&] {
    std::int64_t active = 0;
    for (const kube::Pod& pod : cluster.pods()) {
      active += isActive(pod) ? 1 : 0;
    }
    RC_ASSERT(active <= parallelism);
    RC_ASSERT(cluster.job("j").status.succeeded <= completions);
  };
  const int steps = *rc::gen::inRange(0, 100);
  for (int i = 0; i < steps; ++i) {
    const auto choice = *rc::gen::arbitrary<unsigned>();
    const auto pods = cluster.pods();
    if (choice % 16 == 0 && !pods.empty()) {
      (void)cluster.api.run(
          Delete{{&kPods, "default", pods[choice / 16 % pods.size()].meta.name, ""}});
    } else if (choice % 16 == 1) {
      refusals = static_cast<int>(choice / 16 % 4);
    } else if (choice % 16 == 2) {
      cluster.pass(milliseconds(20));
    } else if (choice % 16 < 8) {
      advanceOnePod(cluster, choice / 16, true);
    } else {
      cluster.step();
    }
    check();
  }
  refusals = 0;
  do {
    cluster.pass(seconds(2000));  // Longer than any back-off.
    check();
  } while (advanceOnePod(cluster, 0, false));
  cluster.api.admission = nullptr;
  const kube::JobStatus status = cluster.job("j").status;
  RC_ASSERT(status.succeeded == completions);
  RC_ASSERT(status.active == 0);
  RC_ASSERT(status.uncountedSucceeded.empty() && status.uncountedFailed.empty());
  RC_ASSERT(kube::findCondition(status.conditions, "Complete") != nullptr);
  for (const kube::Pod& pod : cluster.pods()) {
    RC_ASSERT(!isTracked(pod));
  }
}

}  // namespace
}  // namespace hitless::control
