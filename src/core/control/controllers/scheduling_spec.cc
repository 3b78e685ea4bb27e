#include "core/control/controllers/scheduling_spec.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/kube/workload.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;

template <class F>
void forEachObject(const array* items, F each) {
  if (items == nullptr) {
    return;
  }
  for (const auto& item : *items) {
    if (const object* entry = item.if_object()) {
      each(*entry);
    }
  }
}

std::string str(const object& from, std::string_view key) {
  return std::string(kube::text(from, {key}));
}

struct OperatorName {
  std::string_view name;
  kube::Operator op;
};

constexpr std::array<OperatorName, 6> kOperators{{{"In", kube::Operator::kIn},
                                                  {"NotIn", kube::Operator::kNotIn},
                                                  {"Exists", kube::Operator::kExists},
                                                  {"DoesNotExist", kube::Operator::kDoesNotExist},
                                                  {"Gt", kube::Operator::kGreater},
                                                  {"Lt", kube::Operator::kLess}}};

std::vector<kube::Requirement> requirementsOf(const array* expressions) {
  std::vector<kube::Requirement> out;
  forEachObject(expressions, [&out](const object& expression) {
    const auto it = std::find_if(kOperators.begin(), kOperators.end(), [&](const auto& row) {
      return row.name == kube::text(expression, {"operator"});
    });
    if (it == kOperators.end()) {
      return;
    }
    kube::Requirement requirement{str(expression, "key"), it->op, {}};
    if (const array* values = kube::findArray(expression, {"values"})) {
      for (const auto& value : *values) {
        if (const auto* text = value.if_string()) {
          requirement.values.emplace_back(*text);
        }
      }
    }
    out.push_back(std::move(requirement));
  });
  return out;
}

bool matchesTerm(const NodeTerm& term, const kube::Node& node) {
  if (term.labels.empty() && term.fields.empty()) {
    return false;  // An empty term selects nothing.
  }
  return kube::matches(term.labels, node.meta.labels) &&
         kube::matches(term.fields, kube::Labels{{"metadata.name", node.meta.name}});
}

}  // namespace

bool Toleration::tolerates(const Taint& taint) const {
  if (!effect.empty() && effect != taint.effect) {
    return false;
  }
  if (op == "Exists") {
    return key.empty() || key == taint.key;
  }
  return key == taint.key && value == taint.value;
}

bool PodPlacement::tolerates(const Taint& taint) const {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&taint](const Toleration& one) { return one.tolerates(taint); });
}

bool PodPlacement::selects(const kube::Node& node) const {
  const bool labelled =
      std::all_of(nodeSelector.begin(), nodeSelector.end(), [&node](const auto& wanted) {
        const auto it = node.meta.labels.find(wanted.first);
        return it != node.meta.labels.end() && it->second == wanted.second;
      });
  return labelled && (!requiredTerms || std::any_of(requiredTerms->begin(), requiredTerms->end(),
                                                    [&node](const NodeTerm& term) {
                                                      return matchesTerm(term, node);
                                                    }));
}

std::vector<Taint> taintsOf(const object& node) {
  std::vector<Taint> taints;
  const auto add = [&taints](Taint taint) {
    const bool known = std::any_of(taints.begin(), taints.end(), [&taint](const Taint& other) {
      return other.key == taint.key && other.effect == taint.effect;
    });
    if (!known) {
      taints.push_back(std::move(taint));
    }
  };
  if (kube::boolean(node, {"spec", "unschedulable"})) {
    add({std::string(kUnschedulableTaint), "", "NoSchedule"});
  }
  forEachObject(kube::findArray(node, {"spec", "taints"}), [&](const object& taint) {
    add({str(taint, "key"), str(taint, "value"), str(taint, "effect")});
  });
  const auto conditions = kube::conditionsOf(kube::findArray(node, {"status", "conditions"}));
  const auto* ready = kube::findCondition(conditions, "Ready");
  if (ready != nullptr && ready->status == "Unknown") {
    add({"node.kubernetes.io/unreachable", "", "NoSchedule"});
  } else if (ready == nullptr || ready->status != "True") {
    add({"node.kubernetes.io/not-ready", "", "NoSchedule"});
  }
  return taints;
}

std::int64_t maxPodsOf(const object& node) {
  constexpr std::int64_t kDefault = 110;
  const auto* value = kube::find(node, {"status", "allocatable", "pods"});
  if (value == nullptr) {
    return kDefault;
  }
  const auto* text = value->if_string();
  return text != nullptr ? parseInt(*text).value_or(kDefault)
                         : kube::integer(node, {"status", "allocatable", "pods"}, kDefault);
}

PodPlacement placementOf(const object& pod) {
  PodPlacement out;
  out.schedulerName = kube::text(pod, {"spec", "schedulerName"}, "default-scheduler");
  const array* gates = kube::findArray(pod, {"spec", "schedulingGates"});
  out.gated = gates != nullptr && !gates->empty();
  out.nodeSelector = kube::labelsOf(kube::findObject(pod, {"spec", "nodeSelector"}));
  forEachObject(kube::findArray(pod, {"spec", "tolerations"}), [&out](const object& entry) {
    out.tolerations.push_back(
        {str(entry, "key"), str(entry, "operator"), str(entry, "value"), str(entry, "effect")});
  });
  const array* terms =
      kube::findArray(pod, {"spec", "affinity", "nodeAffinity",
                            "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"});
  if (terms != nullptr) {
    out.requiredTerms.emplace();
    forEachObject(terms, [&out](const object& term) {
      out.requiredTerms->push_back({requirementsOf(kube::findArray(term, {"matchExpressions"})),
                                    requirementsOf(kube::findArray(term, {"matchFields"}))});
    });
  }
  return out;
}

}  // namespace hitless::control
