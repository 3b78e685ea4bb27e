#pragma once

#include "core/control/controllers/controller.h"
#include "core/kube/selector.h"

/// Which keys a change concerns and what is collected for one, in the ways that controllers share.
namespace hitless::control {

/// The controllers of one kind that own the object, or owned it before the change.
template <class T>
void addControllers(const Transition<T>& change, std::string_view kind, Keys& keys) {
  for (const Ref<T>& state : {change.before, change.after}) {
    const kube::OwnerReference* owner = state == nullptr ? nullptr : state->meta.controller();
    if (owner != nullptr && owner->kind == kind) {
      keys.push_back(keyOf(state->meta.ns, owner->name));
    }
  }
}

/// An object without a controller concerns everybody whose selector matches it.
template <class T, class Owner>
void addAdopters(const Transition<T>& change, const Table<Owner>& owners, Keys& keys) {
  if (change.after == nullptr || change.after->meta.controller() != nullptr) {
    return;
  }
  const kube::ObjectMeta& meta = change.after->meta;
  owners.forEachWithPrefix(meta.ns + "/", [&](const std::string& key, const Known<Owner>& owner) {
    if (kube::matches(owner.value->selector, meta.labels)) {
      keys.push_back(key);
    }
  });
}

/// Names of ControllerRevisions "NAME-..." that the workload with this key does not control.
inline std::vector<std::string> revisionNamesOfOthers(const Cache& cache, const std::string& key,
                                                      const std::string& uid) {
  std::vector<std::string> out;
  cache.controllerRevisions().forEachWithPrefix(
      key + "-", [&](const std::string&, const Known<kube::ControllerRevision>& revision) {
        const kube::OwnerReference* owner = revision.value->meta.controller();
        if (owner == nullptr || owner->uid != uid) {
          out.push_back(revision.value->meta.name);
        }
      });
  return out;
}

}  // namespace hitless::control
