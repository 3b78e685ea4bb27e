#pragma once

#include <cstdint>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/control/controllers/rollout_limits.h"
#include "core/kube/workload.h"

/// How many pods each ReplicaSet of a Deployment should have next: arithmetic only.
namespace hitless::control {

/// A ReplicaSet with the size that is planned for it.
struct Sized {
  Ref<kube::ReplicaSet> set;
  std::int64_t replicas = 0;

  explicit Sized(Ref<kube::ReplicaSet> from) : set(std::move(from)), replicas(set->replicas) {}
  Sized(Ref<kube::ReplicaSet> from, std::int64_t wanted) : set(std::move(from)), replicas(wanted) {}
};

using Sets = std::vector<Ref<kube::ReplicaSet>>;
using Sizes = std::vector<Sized>;

std::int64_t specReplicas(const Sets& sets);

/// The size for the new ReplicaSet: as far up as the surge allows, or straight down to what is
/// wanted. `current` is its size now (0 if it does not exist yet), `total` that of all together.
std::int64_t newSetSize(const kube::Deployment& deployment, std::int64_t current,
                        std::int64_t total);

/// One step down of the old ReplicaSets: first pods that are not available anyway, then available
/// ones as far as maxUnavailable allows, the oldest set first. Only sets that change are returned.
Sizes shrinkOld(const kube::Deployment& deployment, const kube::ReplicaSet& newSet,
                const Sets& old);

/// Spreads a change of spec.replicas over several active ReplicaSets in proportion to their sizes,
/// so that scaling in the middle of a rollout keeps its balance.
Sizes proportional(const kube::Deployment& deployment, const Sets& active);

inline constexpr std::string_view kDesiredReplicas = "deployment.kubernetes.io/desired-replicas";
inline constexpr std::string_view kMaxReplicas = "deployment.kubernetes.io/max-replicas";

}  // namespace hitless::control
