#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kSpecFields[] = {
    intOrStr("minAvailable", "Pods that must stay healthy; number or percentage."),
    obj("selector", kLabelSelector, "Pods that are protected."),
    intOrStr("maxUnavailable", "Pods that may be missing; number or percentage."),
    str("unhealthyPodEvictionPolicy",
        "Whether pods that are not ready may always be evicted: IfHealthyBudget (also if not set) "
        "or AlwaysAllow."),
};
constexpr Message kSpec{"PodDisruptionBudgetSpec", Package::kPolicy, "Which pods, and how many.",
                        kSpecFields};

constexpr Field disruptedPods() {
  Field field = scalarField("disruptedPods", "Evicted pods whose deletion has not been seen yet.",
                            Scalar::kTime, Shape::kMap);
  return field;
}

constexpr Field count(std::string_view name, std::string_view doc) {
  return i32(name, doc).require().emitAlways().is(Check::kNonNegative);
}
constexpr Field kStatusFields[] = {
    i64("observedGeneration", "Generation the controller has seen."),
    disruptedPods(),
    count("disruptionsAllowed", "Evictions that are possible now."),
    count("currentHealthy", "Pods that are healthy."),
    count("desiredHealthy", "Pods that have to be."),
    count("expectedPods", "Pods that there should be."),
    objs("conditions", kCondition, "Aspects of its state.").by("type"),
};
constexpr Message kStatus{"PodDisruptionBudgetStatus", Package::kPolicy,
                          "What the budget allows now.", kStatusFields};

constexpr Field kBudgetFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "Which pods, and how many.").emitAlways(),
    obj("status", kStatus, "What the budget allows now.").emitAlways(),
};

}  // namespace

constinit const Message kPodDisruptionBudget{"PodDisruptionBudget", Package::kPolicy,
                                             "Limits how many pods evictions may take at once.",
                                             kBudgetFields};

}  // namespace hitless::kube::schema
