#include "core/control/controllers/disruption.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/rollout_limits.h"
#include "core/control/eviction.h"

namespace hitless::control {
namespace {

using kube::res::kPodDisruptionBudgets;

constexpr std::string_view kComponent = "controllermanager";

bool isPercentage(const std::optional<kube::IntOrString>& value) {
  return value && std::holds_alternative<std::string>(*value);
}

class Step {
 public:
  Step(const BudgetState& state, WallTime now)
      : state_(state), budget_(*state.budget), now_(now), status_(budget_.status) {}

  Actions run() {
    status_.observedGeneration = budget_.meta.generation;
    keepDisrupted();
    status_.currentHealthy = countHealthy();
    if (fromScale() && state_.noScale) {
      failSafe();
    } else {
      countExpected();
      allow();
    }
    if (status_ != budget_.status) {
      announce();
      actions_.push_back(Patch{refTo(kPodDisruptionBudgets, budget_.meta),
                               "status",
                               {{"status", kube::statusPatch(budget_, status_)}}});
    }
    return std::move(actions_);
  }

 private:
  /// minAvailable as a number is the only form that needs no idea of how many pods are wanted.
  bool fromScale() const {
    return budget_.maxUnavailable.has_value() || isPercentage(budget_.minAvailable);
  }

  const kube::Pod* podNamed(const std::string& name) const {
    const auto it = std::find_if(state_.pods.begin(), state_.pods.end(),
                                 [&name](const auto& pod) { return pod->meta.name == name; });
    return it == state_.pods.end() ? nullptr : it->get();
  }

  /// An evicted pod counts as gone from the eviction on, not from when its deletion is seen.
  void keepDisrupted() {
    std::optional<WallTime> next;
    std::erase_if(status_.disruptedPods, [&](const auto& entry) {
      const kube::Pod* pod = podNamed(entry.first);
      const WallTime expiry = entry.second + kDisruptionTimeout;
      if (pod == nullptr || pod->meta.terminating()) {
        return true;
      }
      if (expiry <= now_) {
        actions_.push_back(
            event("NotDeleted", "Warning",
                  fmt::format("Pod {}/{} was expected by PDB {}/{} to be deleted but "
                              "it wasn't",
                              pod->meta.ns, pod->meta.name, budget_.meta.ns, budget_.meta.name)));
        return true;
      }
      next = std::min(expiry, next.value_or(expiry));
      return false;
    });
    if (next) {
      actions_.push_back(Requeue{*next - now_});
    }
  }

  std::int64_t countHealthy() const {
    return std::count_if(state_.pods.begin(), state_.pods.end(), [this](const auto& pod) {
      return !pod->meta.terminating() && pod->ready() &&
             !status_.disruptedPods.contains(pod->meta.name);
    });
  }

  void countExpected() {
    status_.expectedPods =
        fromScale() ? state_.wantedPods : static_cast<std::int64_t>(state_.pods.size());
    const std::int64_t expected = status_.expectedPods;
    if (budget_.maxUnavailable) {
      status_.desiredHealthy =
          std::max<std::int64_t>(expected - resolve(*budget_.maxUnavailable, expected, true), 0);
    } else {
      status_.desiredHealthy =
          budget_.minAvailable ? resolve(*budget_.minAvailable, expected, true) : 0;
    }
  }

  void allow() {
    const std::int64_t spare = status_.currentHealthy - status_.desiredHealthy;
    status_.disruptionsAllowed =
        status_.expectedPods > 0 ? std::max<std::int64_t>(spare, 0) : std::int64_t{0};
    setDisruptionAllowed(status_, now_);
  }

  /// What is not known is not allowed.
  void failSafe() {
    status_.disruptionsAllowed = 0;
    setDisruptionCondition(status_, {std::string(kDisruptionAllowed),
                                     "False",
                                     std::string(kSyncFailed),
                                     *state_.noScale,
                                     now_,
                                     {}});
  }

  /// Only with a status that changes: an Event for every look would say nothing new.
  void announce() {
    if (fromScale() && state_.noScale) {
      actions_.push_back(
          event("CalculateExpectedPodCountFailed", "Warning",
                "Failed to calculate the number of expected pods: " + *state_.noScale));
    } else if (state_.pods.empty()) {
      actions_.push_back(event("NoPods", "Normal", "No matching pods found"));
    } else if (fromScale() && state_.unmanagedPods > 0) {
      actions_.push_back(event(
          "UnmanagedPods", "Warning",
          "Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, "
          "the status of the PDB cannot be calculated correctly, which may result in "
          "undefined behavior. To account for these pods please set \".spec.minAvailable\" "
          "field of the PDB to an integer value."));
    }
  }

  EmitEvent event(std::string reason, std::string type, std::string message) const {
    return {refTo(kPodDisruptionBudgets, budget_.meta), std::move(type), std::move(reason),
            std::move(message), std::string(kComponent)};
  }

  const BudgetState& state_;
  const kube::PodDisruptionBudget& budget_;
  const WallTime now_;
  kube::PodDisruptionBudgetStatus status_;
  Actions actions_;
};

}  // namespace

Actions reconcile(const BudgetState& state, WallTime now) {
  return Step(state, now).run();
}

}  // namespace hitless::control
