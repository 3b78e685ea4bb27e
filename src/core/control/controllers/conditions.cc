#include "core/control/controllers/conditions.h"

namespace hitless::control {
namespace {

/// The fields of `to` over those of `from`; the transition time follows the status.
kube::json::object merged(kube::json::object from, const kube::Condition& to) {
  const bool sameStatus = kube::text(from, {"status"}) == to.status;
  for (auto& [key, value] : kube::toJson(to)) {
    if (!(sameStatus && key == "lastTransitionTime" && from.contains(key))) {
      from[key] = value;
    }
  }
  return from;
}

}  // namespace

kube::json::array withCondition(const kube::json::object& object, kube::Condition condition) {
  const auto* before = kube::findArray(object, {"status", "conditions"});
  kube::json::array out = before == nullptr ? kube::json::array{} : *before;
  for (kube::json::value& entry : out) {
    auto* existing = entry.if_object();
    if (existing != nullptr && kube::text(*existing, {"type"}) == condition.type) {
      *existing = merged(*existing, condition);
      return out;
    }
  }
  out.push_back(kube::toJson(condition));
  return out;
}

}  // namespace hitless::control
