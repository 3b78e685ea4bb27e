#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/control/controllers/stateful_set_pods.h"
#include "core/control/controllers/template_revisions.h"
#include "testing/simulated_cluster.h"
#include "testing/stateful_sets.h"

namespace hitless::control {
namespace {

using hitless::testing::dbStatefulSet;
using hitless::testing::imagePatch;
using hitless::testing::SimulatedCluster;
using kube::res::kPods;
using kube::res::kStatefulSets;

/// Watches what the controller does to pods and holds it to the order that it promises; refuses
/// some of it.
class Watchman {
 public:
  explicit Watchman(SimulatedCluster& cluster) : cluster_(cluster) {
    cluster_.api.admission = [this](const Action& action) { return admit(action); };
  }
  ~Watchman() { cluster_.api.admission = nullptr; }
  Watchman(const Watchman&) = delete;
  Watchman& operator=(const Watchman&) = delete;

  /// The next action but `n` fails.
  void refuseAfter(int n) { refuseAfter_ = n; }
  const std::string& complaint() const { return complaint_; }

 private:
  Status admit(const Action& action) {
    if (const auto* create = std::get_if<Create>(&action);
        create != nullptr && create->resource == &kPods) {
      checkCreate(std::string(kube::text(create->object, {"metadata", "name"})));
    }
    if (const auto* deletion = std::get_if<Delete>(&action);
        deletion != nullptr && deletion->object.resource == &kPods &&
        deletion->object.name.starts_with("db-")) {
      checkDelete(deletion->object.name);
    }
    if (refuseAfter_ >= 0 && refuseAfter_-- == 0) {
      return fail(ErrorKind::kUnavailable, "try again later");
    }
    return {};
  }

  static std::int64_t ordinal(const kube::StatefulSet& set, const std::string& name) {
    return ordinalOf(set, name).value_or(-1);
  }

  bool serves(const std::string& name) const {
    const auto pod = cluster_.get(kPods, name);
    return pod != nullptr && kube::podOf(*pod).ready() && !kube::podOf(*pod).meta.terminating();
  }

  void checkCreate(const std::string& name) {
    const kube::StatefulSet set = cluster_.statefulSet("db");
    const std::int64_t mine = ordinal(set, name);
    complainIf(cluster_.get(kPods, name) != nullptr, name + " is created a second time");
    complainIf(!set.wants(mine), name + " is not wanted");
    for (std::int64_t below = set.firstOrdinal; below < mine; ++below) {
      complainIf(!serves(podName(set, below)), name + " comes before one below it is ready");
    }
  }

  void checkDelete(const std::string& name) {
    const kube::StatefulSet set = cluster_.statefulSet("db");
    const kube::Pod pod = kube::podOf(*cluster_.get(kPods, name));
    const std::int64_t mine = ordinal(set, name);
    if (pod.finished()) {
      return;
    }
    for (const kube::Pod& other : cluster_.pods()) {
      const std::int64_t theirs = ordinal(set, other.meta.name);
      if (theirs > mine && !set.wants(mine)) {
        complainIf(!set.wants(theirs), name + " goes before one above it is gone");
      } else if (theirs > mine) {
        complainIf(!serves(other.meta.name), name + " is replaced before one above it serves");
        complainIf(valueOf(other.meta.labels, kRevisionHashLabel) != set.status.updateRevision,
                   name + " is replaced before one above it");
      }
    }
    complainIf(set.wants(mine) && mine < set.partition, name + " is below the partition");
  }

  void complainIf(bool wrong, const std::string& what) {
    if (wrong && complaint_.empty()) {
      complaint_ = what;
    }
  }

  SimulatedCluster& cluster_;
  std::string complaint_;
  int refuseAfter_ = -1;
};

/// Lets one pod take its next step in life, or a step back.
bool advanceOnePod(SimulatedCluster& cluster, unsigned choice, bool mayFail) {
  std::vector<kube::Pod> moving;
  for (const kube::Pod& pod : cluster.pods()) {
    const bool settled = !pod.meta.terminating() && (pod.ready() || pod.finished());
    if ((!settled || mayFail) && !pod.nodeName.empty()) {
      moving.push_back(pod);
    }
  }
  if (moving.empty()) {
    return false;
  }
  const kube::Pod& pod = moving[choice % moving.size()];
  if (pod.meta.terminating()) {
    cluster.finishPod(pod);
  } else if (mayFail && choice % 7 == 0) {
    cluster.endPod(pod, choice % 2 == 0 ? "Failed" : "Succeeded");
  } else if (mayFail && pod.ready() && choice % 5 == 0) {
    cluster.setReady(pod, false);
  } else if (pod.podIPs.empty()) {
    cluster.startPod(pod);
  } else if (!pod.finished()) {
    cluster.setReady(pod);
  }
  return true;
}

void changeSomething(SimulatedCluster& cluster, unsigned choice) {
  switch (choice % 3) {
    case 0:
      cluster.patch(kStatefulSets, "db", imagePatch(fmt::format("x:{}", choice / 3 % 4)));
      break;
    case 1:
      cluster.patch(kStatefulSets, "db",
                    fmt::format(R"({{"spec":{{"replicas":{}}}}})", choice / 3 % 6));
      break;
    default:
      cluster.patch(
          kStatefulSets, "db",
          fmt::format(R"({{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{}}}}}}}}})",
                      choice / 3 % 4));
      break;
  }
}

/// Whatever fails and in whatever order things happen: a name is never given twice, ordinals come
/// and go in order, and in the end all is as it was asked for.
RC_GTEST_PROP(StatefulSet, KeepsItsOrder, ()) {
  ManagerOptions options;
  options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // The nodes are not what is tested.
  SimulatedCluster cluster(options, 2);
  cluster.create(kStatefulSets, dbStatefulSet(*rc::gen::inRange(1, 5)));
  Watchman watchman(cluster);
  const int steps = *rc::gen::inRange(0, 120);
  for (int i = 0; i < steps; ++i) {
    const auto choice = *rc::gen::arbitrary<unsigned>();
    switch (choice % 8) {
      case 0:
        changeSomething(cluster, choice / 8);
        break;
      case 1:
        watchman.refuseAfter(static_cast<int>(choice / 8 % 5));
        break;
      case 2:
        cluster.pass(milliseconds(20));
        break;
      case 3:
      case 4:
        advanceOnePod(cluster, choice / 8, true);
        break;
      default:
        cluster.step();
    }
    RC_ASSERT(watchman.complaint() == "");
  }
  watchman.refuseAfter(-1);
  cluster.patch(kStatefulSets, "db",
                R"({"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}})");
  do {
    cluster.pass(seconds(2000));  // Longer than any back-off.
    RC_ASSERT(watchman.complaint() == "");
  } while (advanceOnePod(cluster, 0, false));

  const kube::StatefulSet db = cluster.statefulSet("db");
  RC_ASSERT(static_cast<std::int64_t>(cluster.pods().size()) == db.replicas);
  RC_ASSERT(db.status.readyReplicas == db.replicas);
  // A broken revision may block the rest (k/k#67250), but here every pod becomes ready.
  RC_ASSERT(db.status.updatedReplicas == db.replicas);
  RC_ASSERT(db.status.currentRevision == db.status.updateRevision);
}

}  // namespace
}  // namespace hitless::control
