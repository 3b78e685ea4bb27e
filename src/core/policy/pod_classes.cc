#include "core/policy/pod_classes.h"

#include "core/watch/missing.h"

namespace hitless::policy {

void PodClasses::applyNamespaces(const watch::Update& update) {
  const auto nameOf = [](const kube::json::object& object) { return kube::metaOf(object).name; };
  const auto drop = [&](const std::string& name) {
    namespaces_.erase(name);
    changedNamespaces_.insert(name);
  };
  watch::dropMissing(update, namespaces_, nameOf, drop);
  for (const watch::Change& change : update.changes) {
    kube::ObjectMeta meta = kube::metaOf(*change.object);
    if (change.type == watch::ChangeType::kDelete) {
      drop(meta.name);
      continue;
    }
    meta.labels[std::string(kNamespaceNameLabel)] = meta.name;
    kube::Labels& known = namespaces_[meta.name];
    if (known != meta.labels) {
      known = std::move(meta.labels);
      changedNamespaces_.insert(meta.name);
    }
  }
}

const kube::Labels& PodClasses::labelsOf(const std::string& ns) {
  const auto [found, added] = namespaces_.try_emplace(ns);
  if (added) {  // Pods may be told of before their namespace is.
    found->second[std::string(kNamespaceNameLabel)] = ns;
  }
  return found->second;
}

std::shared_ptr<const PodClass> PodClasses::classOf(const Slot& slot) {
  return std::make_shared<const PodClass>(
      policies_.classOf(slot.ns, labelsOf(slot.ns), slot.labels));
}

PodClasses::Ref PodClasses::of(const Pod& pod) {
  kube::Labels labels = project(pod.labels, policies_.labelKeys());
  Ref& slot = slots_[{pod.ns, labels}];
  if (slot == nullptr) {
    slot = std::make_shared<Slot>(Slot{pod.ns, std::move(labels), nullptr, false});
    slot->cls = classOf(*slot);
  }
  return slot;
}

void PodClasses::leave(Ref& slot) {
  constexpr long kOursAndTheirs = 2;
  if (slot != nullptr && slot.use_count() == kOursAndTheirs) {
    slots_.erase({slot->ns, slot->labels});
  }
  slot.reset();
}

bool PodClasses::refresh(Slot& slot) {
  auto next = classOf(slot);
  if (*next == *slot.cls) {
    return false;
  }
  slot.cls = std::move(next);
  slot.changed = true;
  return true;
}

bool PodClasses::refreshAll() {
  bool any = false;
  for (auto& [key, slot] : slots_) {
    any = refresh(*slot) || any;
  }
  return any;
}

bool PodClasses::refreshChanged() {
  bool any = false;
  for (auto& [key, slot] : slots_) {
    any = (changedNamespaces_.contains(slot->ns) && refresh(*slot)) || any;
  }
  changedNamespaces_.clear();
  return any;
}

void PodClasses::settle() {
  for (auto& [key, slot] : slots_) {
    slot->changed = false;
  }
}

}  // namespace hitless::policy
