#include "core/control/controllers/pods.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "core/kube/workload.h"

namespace hitless::control {
namespace {

constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

int phaseRank(std::string_view phase) {
  if (phase == "Pending") {
    return 0;
  }
  return phase == "Unknown" ? 1 : 2;
}

std::optional<WallTime> readySince(const kube::Pod& pod) {
  const kube::Condition* ready = kube::findCondition(pod.conditions, "Ready");
  return ready != nullptr && ready->status == "True" ? ready->lastTransitionTime : std::nullopt;
}

/// Ascending = given up earlier.
struct Rank {
  bool assigned;
  int phase;
  bool ready;
  std::int64_t deletionCost;
  std::int64_t lonely;  ///< Minus the number of siblings on the node.
  nanoseconds readyAge;
  std::int64_t calm;  ///< Minus the restarts.
  nanoseconds age;
  std::string_view name;  ///< Makes the order total.

  auto operator<=>(const Rank&) const = default;
};

nanoseconds minus(const std::optional<WallTime>& time) {
  return time ? -time->time_since_epoch() : nanoseconds::min();
}

Rank rankOf(const kube::Pod& pod, std::int64_t siblingsOnNode) {
  return {!pod.nodeName.empty(), phaseRank(pod.phase),
          pod.ready(),           parseInt(valueOf(pod.meta.annotations, kDeletionCost)).value_or(0),
          -siblingsOnNode,       pod.ready() ? minus(readySince(pod)) : nanoseconds{0},
          -pod.restarts,         -pod.meta.creationTimestamp.time_since_epoch(),
          pod.meta.name};
}

}  // namespace

bool isActive(const kube::Pod& pod) {
  return !pod.finished() && !pod.meta.terminating();
}

std::optional<WallTime> availableAt(const kube::Pod& pod, std::int64_t minReadySeconds) {
  if (!pod.ready()) {
    return std::nullopt;
  }
  if (minReadySeconds <= 0) {
    return WallTime::min();
  }
  const auto since = readySince(pod);
  return since ? std::optional<WallTime>(*since + seconds(minReadySeconds)) : std::nullopt;
}

bool isAvailable(const kube::Pod& pod, std::int64_t minReadySeconds, WallTime now) {
  const auto at = availableAt(pod, minReadySeconds);
  return at && *at <= now;
}

std::vector<Ref<kube::Pod>> inDeletionOrder(std::vector<Ref<kube::Pod>> pods,
                                            const std::vector<Ref<kube::Pod>>& siblings) {
  std::map<std::string_view, std::int64_t> onNode;
  for (const Ref<kube::Pod>& sibling : siblings) {
    if (!sibling->nodeName.empty() && isActive(*sibling)) {
      ++onNode[sibling->nodeName];
    }
  }
  const auto rank = [&onNode](const Ref<kube::Pod>& pod) {
    const auto it = onNode.find(pod->nodeName);
    return rankOf(*pod, it == onNode.end() ? 0 : it->second);
  };
  std::sort(pods.begin(), pods.end(), [&rank](const Ref<kube::Pod>& a, const Ref<kube::Pod>& b) {
    return rank(a) < rank(b);
  });
  return pods;
}

}  // namespace hitless::control
