#include "core/control/controllers/rollout_plan.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace hitless::control {
namespace {

bool olderFirst(const Ref<kube::ReplicaSet>& a, const Ref<kube::ReplicaSet>& b) {
  return std::tie(a->meta.creationTimestamp, a->meta.name) <
         std::tie(b->meta.creationTimestamp, b->meta.name);
}

/// A status may lag behind a spec that was just lowered: what is about to go does not count.
std::int64_t stillAvailable(const kube::ReplicaSet& set) {
  return std::min(set.status.availableReplicas, set.replicas);
}

/// Takes away up to `budget` pods that are not available; returns how many.
std::int64_t dropUnavailable(Sizes& sizes, std::int64_t budget) {
  std::int64_t dropped = 0;
  for (Sized& sized : sizes) {
    const std::int64_t idle = sized.replicas - sized.set->status.availableReplicas;
    const std::int64_t step = std::clamp<std::int64_t>(idle, 0, budget - dropped);
    sized.replicas -= step;
    dropped += step;
  }
  return dropped;
}

/// Takes away up to `budget` pods, available or not.
void dropAny(Sizes& sizes, std::int64_t budget) {
  for (Sized& sized : sizes) {
    const std::int64_t step = std::clamp<std::int64_t>(budget, 0, sized.replicas);
    sized.replicas -= step;
    budget -= step;
  }
}

/// How much a set would change if it kept its share of the Deployment's maximum size.
std::int64_t shareOf(const kube::Deployment& deployment, const kube::ReplicaSet& set) {
  if (deployment.replicas == 0) {
    return -set.replicas;
  }
  const std::int64_t before =
      parseInt(valueOf(set.meta.annotations, kMaxReplicas)).value_or(deployment.status.replicas);
  if (before <= 0) {
    return 0;
  }
  const std::int64_t after = deployment.replicas + limitsOf(deployment).surge;
  const double share =
      static_cast<double>(set.replicas) * static_cast<double>(after) / static_cast<double>(before);
  return std::llround(share) - set.replicas;
}

/// The part of the share that still fits into what remains to be added (or removed).
std::int64_t bounded(std::int64_t share, std::int64_t remaining) {
  return remaining > 0 ? std::min(share, remaining) : std::max(share, remaining);
}

/// The biggest first; among equals the newer when growing, the older when shrinking.
void sortForScaling(Sets& sets, bool growing) {
  std::sort(sets.begin(), sets.end(),
            [growing](const Ref<kube::ReplicaSet>& a, const Ref<kube::ReplicaSet>& b) {
              if (a->replicas != b->replicas) {
                return a->replicas > b->replicas;
              }
              return growing ? olderFirst(b, a) : olderFirst(a, b);
            });
}

}  // namespace

std::int64_t specReplicas(const Sets& sets) {
  std::int64_t total = 0;
  for (const Ref<kube::ReplicaSet>& set : sets) {
    total += set->replicas;
  }
  return total;
}

std::int64_t newSetSize(const kube::Deployment& deployment, std::int64_t current,
                        std::int64_t total) {
  if (!deployment.rolling() || current >= deployment.replicas) {
    return deployment.replicas;
  }
  const std::int64_t room = deployment.replicas + limitsOf(deployment).surge - total;
  return current + std::clamp<std::int64_t>(room, 0, deployment.replicas - current);
}

Sizes shrinkOld(const kube::Deployment& deployment, const kube::ReplicaSet& newSet,
                const Sets& old) {
  Sizes sizes;
  std::int64_t available = stillAvailable(newSet);
  for (const Ref<kube::ReplicaSet>& set : old) {
    available += stillAvailable(*set);
    if (set->replicas > 0) {
      sizes.emplace_back(set);
    }
  }
  std::sort(sizes.begin(), sizes.end(),
            [](const Sized& a, const Sized& b) { return olderFirst(a.set, b.set); });

  const std::int64_t floor = deployment.replicas - limitsOf(deployment).unavailable;
  const std::int64_t budget = specReplicas(old) + stillAvailable(newSet) - floor;
  if (budget <= 0) {
    return {};
  }
  const std::int64_t dropped = dropUnavailable(sizes, budget);
  dropAny(sizes, std::min(available - floor, budget - dropped));
  std::erase_if(sizes, [](const Sized& sized) { return sized.replicas == sized.set->replicas; });
  return sizes;
}

Sizes proportional(const kube::Deployment& deployment, const Sets& active) {
  const std::int64_t allowed =
      deployment.replicas > 0 ? deployment.replicas + limitsOf(deployment).surge : 0;
  const std::int64_t change = allowed - specReplicas(active);
  Sets sets = active;
  sortForScaling(sets, change > 0);

  Sizes sizes;
  std::int64_t spread = 0;
  for (const Ref<kube::ReplicaSet>& set : sets) {
    std::int64_t step = 0;
    if (change != spread) {
      step = bounded(shareOf(deployment, *set), change - spread);
    }
    sizes.emplace_back(set, set->replicas + step);
    spread += step;
  }
  if (!sizes.empty()) {
    // Rounding leaves a remainder: the biggest set takes it.
    sizes.front().replicas = std::max<std::int64_t>(sizes.front().replicas + change - spread, 0);
  }
  return sizes;
}

}  // namespace hitless::control
