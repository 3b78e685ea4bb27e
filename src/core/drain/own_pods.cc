#include "core/drain/own_pods.h"

#include <algorithm>

#include "core/drain/gate_hook.h"

namespace hitless::drain {
namespace {

std::string keyOf(const kube::json::object& object) {
  return std::string(kube::text(object, {"metadata", "namespace"})) + "/" +
         std::string(kube::text(object, {"metadata", "name"}));
}

bool matches(const kube::Labels& selector, const kube::Pod& pod) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& term) {
    const auto label = pod.meta.labels.find(term.first);
    return label != pod.meta.labels.end() && label->second == term.second;
  });
}

bool isMeant(const kube::Pod& pod, const PodRef& ref) {
  if (ref.by == PodRef::By::kAddress) {
    return !pod.hostNetwork && !pod.finished() &&
           std::find(pod.podIPs.begin(), pod.podIPs.end(), ref.value) != pod.podIPs.end();
  }
  const auto id = pod.meta.annotations.find(kGateAnnotation);
  return id != pod.meta.annotations.end() && id->second == ref.value;
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

const kube::Pod* OwnPods::find(const PodRef& ref) const {
  const kube::Pod* found = nullptr;
  for (const auto& [key, pod] : pods_) {
    if (isMeant(pod, ref) && (found == nullptr || pod.meta.terminating())) {
      found = &pod;
    }
  }
  return found;
}

const kube::Pod* OwnPods::find(const std::string& key) const {
  const auto found = pods_.find(key);
  return found == pods_.end() ? nullptr : &found->second;
}

std::vector<kube::Pod> OwnPods::selectedBy(const Selection& selection,
                                           const watch::Update& services) const {
  std::vector<kube::Pod> selected;
  for (const auto& [key, pod] : pods_) {
    const auto selects = [&](const watch::Change& change) {
      const kube::json::object& service = *change.object;
      return kube::text(service, {"metadata", "namespace"}) == pod.meta.ns &&
             selection.selects(pod, std::string(kube::text(service, {"metadata", "name"})));
    };
    if (pod.ready() && std::any_of(services.changes.begin(), services.changes.end(), selects)) {
      selected.push_back(pod);
    }
  }
  return selected;
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
  return services != selectors_.end() &&
         std::any_of(services->second.begin(), services->second.end(),
                     [&](const auto& entry) { return matches(entry.second, pod); });
}

bool Selection::selects(const kube::Pod& pod, const std::string& service) const {
  const auto services = selectors_.find(pod.meta.ns);
  if (services == selectors_.end()) {
    return false;
  }
  const auto selector = services->second.find(service);
  return selector != services->second.end() && matches(selector->second, pod);
}

}  // namespace hitless::drain
