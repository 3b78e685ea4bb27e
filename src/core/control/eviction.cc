#include "core/control/eviction.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::control {
namespace {

namespace json = kube::json;

/// More entries than this in disruptedPods mean that nobody follows the deletions.
constexpr std::size_t kMostDisrupted = 2000;

ApiError tooMany(std::string cause, int retryAfter) {
  json::object details{
      {"causes", json::array{json::object{{"reason", "DisruptionBudget"}, {"message", cause}}}}};
  if (retryAfter > 0) {
    details.emplace("retryAfterSeconds", retryAfter);
  }
  return {429, "TooManyRequests",
          "Cannot evict pod as it would violate the pod's disruption budget.", std::move(details)};
}

std::string whyNot(const kube::PodDisruptionBudget& budget) {
  const auto& conditions = budget.status.conditions;
  const kube::Condition* condition = kube::findCondition(conditions, kDisruptionAllowed);
  if (condition != nullptr && condition->status == "False" && condition->reason == kSyncFailed) {
    return fmt::format(
        "The disruption budget {} does not allow evicting pods currently because it failed sync: "
        "{}",
        budget.meta.name, condition->message);
  }
  return fmt::format("The disruption budget {} needs {} healthy pods and has {} currently",
                     budget.meta.name, budget.status.desiredHealthy, budget.status.currentHealthy);
}

bool servesNobody(const kube::Pod& pod) {
  return pod.finished() || pod.phase == "Pending" || pod.meta.terminating();
}

/// A pod that is not ready is missing already; taking it away makes nothing worse.
bool isFree(const kube::Pod& pod, const kube::PodDisruptionBudget& budget) {
  if (pod.ready()) {
    return false;
  }
  const kube::PodDisruptionBudgetStatus& status = budget.status;
  return budget.alwaysAllowUnhealthy ||
         (status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0);
}

ApiResult<kube::PodDisruptionBudgetStatus> charge(const kube::Pod& pod,
                                                  const kube::PodDisruptionBudget& budget,
                                                  WallTime now) {
  kube::PodDisruptionBudgetStatus status = budget.status;
  if (status.observedGeneration < budget.meta.generation) {
    constexpr int kRetryAfter = 10;
    return refuse(tooMany(fmt::format("The disruption budget {} is still being processed by the "
                                      "server.",
                                      budget.meta.name),
                          kRetryAfter));
  }
  if (status.disruptedPods.size() > kMostDisrupted) {
    return refuse(forbidden(kube::res::kPodDisruptionBudgets, budget.meta.name,
                            "DisruptedPods map too big - too many evictions not confirmed by PDB "
                            "controller"));
  }
  if (status.disruptionsAllowed <= 0) {
    return refuse(tooMany(whyNot(budget), 0));
  }
  --status.disruptionsAllowed;
  if (status.disruptionsAllowed == 0) {
    setDisruptionAllowed(status, now);
  }
  status.disruptedPods[pod.meta.name] = now;
  return status;
}

}  // namespace

ApiResult<Eviction> evict(const kube::Pod& pod,
                          const std::vector<kube::PodDisruptionBudget>& budgets, WallTime now) {
  if (servesNobody(pod) || budgets.empty()) {
    return Eviction{};
  }
  if (budgets.size() > 1) {
    // As kube-apiserver has it: a status of its own, without a reason.
    return refuse(ApiError{500,
                           "",
                           "This pod has more than one PodDisruptionBudget, which the eviction "
                           "subresource does not support.",
                           {}});
  }
  if (isFree(pod, budgets.front())) {
    return Eviction{};
  }
  return Eviction{API_TRY(charge(pod, budgets.front(), now))};
}

void setDisruptionAllowed(kube::PodDisruptionBudgetStatus& status, WallTime now) {
  const bool allowed = status.disruptionsAllowed > 0;
  setDisruptionCondition(status, {std::string(kDisruptionAllowed),
                                  allowed ? "True" : "False",
                                  allowed ? "SufficientPods" : "InsufficientPods",
                                  "",
                                  now,
                                  {}});
}

void setDisruptionCondition(kube::PodDisruptionBudgetStatus& status, kube::Condition condition) {
  for (kube::Condition& existing : status.conditions) {
    if (existing.type == condition.type) {
      if (existing.status == condition.status) {
        condition.lastTransitionTime = existing.lastTransitionTime;
      }
      existing = std::move(condition);
      return;
    }
  }
  status.conditions.push_back(std::move(condition));
}

}  // namespace hitless::control
