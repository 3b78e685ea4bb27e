#include "core/drain/own_pods.h"

#include <algorithm>

#include "core/drain/gate_hook.h"

namespace hitless::drain {
namespace {

std::string keyOf(const kube::json::object& object) {
  return std::string(kube::text(object, {"metadata", "namespace"})) + "/" +
         std::string(kube::text(object, {"metadata", "name"}));
}

}  // namespace

void OwnPods::apply(const watch::Update& pods) {
  if (pods.kind == watch::Update::Kind::kFull) {
    pods_.clear();
    synced_ = true;
  }
  for (const watch::Change& change : pods.changes) {
    if (change.type == watch::ChangeType::kDelete) {
      pods_.erase(keyOf(*change.object));
    } else {
      pods_.insert_or_assign(keyOf(*change.object), kube::podOf(*change.object));
    }
  }
}

const kube::Pod* OwnPods::byGate(std::string_view gateId) const {
  const kube::Pod* found = nullptr;
  for (const auto& [key, pod] : pods_) {
    const auto id = pod.meta.annotations.find(kGateAnnotation);
    if (id != pod.meta.annotations.end() && id->second == gateId &&
        (found == nullptr || pod.meta.terminating())) {
      found = &pod;
    }
  }
  return found;
}

std::set<std::string> OwnPods::uids() const {
  std::set<std::string> result;
  for (const auto& [key, pod] : pods_) {
    result.insert(pod.meta.uid);
  }
  return result;
}

void Selection::apply(const watch::Update& services) {
  if (services.kind == watch::Update::Kind::kFull) {
    selectors_.clear();
    synced_ = true;
  }
  for (const watch::Change& change : services.changes) {
    kube::Service service = kube::serviceOf(*change.object);
    auto& sameNamespace = selectors_[service.meta.ns];
    // Nobody writes slices from an empty selector or for an ExternalName.
    if (change.type == watch::ChangeType::kDelete || service.selector.empty() ||
        service.type == "ExternalName") {
      sameNamespace.erase(service.meta.name);
    } else {
      sameNamespace.insert_or_assign(service.meta.name, std::move(service.selector));
    }
  }
}

bool Selection::selects(const kube::Pod& pod) const {
  const auto services = selectors_.find(pod.meta.ns);
  if (services == selectors_.end()) {
    return false;
  }
  return std::any_of(services->second.begin(), services->second.end(), [&](const auto& entry) {
    return std::all_of(entry.second.begin(), entry.second.end(), [&](const auto& term) {
      const auto label = pod.meta.labels.find(term.first);
      return label != pod.meta.labels.end() && label->second == term.second;
    });
  });
}

}  // namespace hitless::drain
