#include "core/control/controllers/garbage.h"

#include <algorithm>

namespace hitless::control {
namespace {

bool has(const kube::ObjectMeta& meta, std::string_view finalizer) {
  return std::find(meta.finalizers.begin(), meta.finalizers.end(), finalizer) !=
         meta.finalizers.end();
}

Patch withoutFinalizer(const GarbageState& state, std::string_view finalizer) {
  kube::json::array rest;
  for (const std::string& other : state.meta->finalizers) {
    if (other != finalizer) {
      rest.emplace_back(other);
    }
  }
  return {refTo(*state.resource, *state.meta),
          "",
          {{"metadata", {{"finalizers", std::move(rest)}}}},
          state.meta->resourceVersion};
}

bool blocks(const Dependent& dependent, std::string_view ownerUid) {
  return std::any_of(dependent.meta->owners.begin(), dependent.meta->owners.end(),
                     [ownerUid](const kube::OwnerReference& owner) {
                       return owner.uid == ownerUid && owner.blockOwnerDeletion;
                     });
}

/// Every dependent is deleted by its own reconcile, which sees this owner waiting; here it only
/// matters when the last blocking one is gone.
Actions finishForeground(const GarbageState& state) {
  const bool blocked =
      std::any_of(state.dependents.begin(), state.dependents.end(),
                  [&state](const Dependent& each) { return blocks(each, state.meta->uid); });
  return blocked ? Actions{} : Actions{withoutFinalizer(state, kForegroundFinalizer)};
}

Actions orphanDependents(const GarbageState& state) {
  Actions actions;
  for (const Dependent& dependent : state.dependents) {
    actions.push_back(release(*dependent.resource, *dependent.meta, state.meta->uid));
  }
  actions.push_back(withoutFinalizer(state, kOrphanFinalizer));
  return actions;
}

std::string policyFor(const kube::ObjectMeta& meta) {
  if (has(meta, kOrphanFinalizer)) {
    return "Orphan";
  }
  return has(meta, kForegroundFinalizer) ? "Foreground" : "Background";
}

Delete deletion(const GarbageState& state, std::string policy) {
  return {refTo(*state.resource, *state.meta), {}, std::move(policy)};
}

/// Drops the references to owners that are gone or going, as others keep the object.
Patch keepSolidOwners(const GarbageState& state) {
  kube::json::array solid;
  for (const OwnerLink& link : state.owners) {
    if (link.exists && !link.awaitsDependents) {
      solid.push_back(kube::toJson(link.reference));
    }
  }
  return {refTo(*state.resource, *state.meta),
          "",
          {{"metadata", {{"ownerReferences", std::move(solid)}}}},
          state.meta->resourceVersion};
}

Actions followOwners(const GarbageState& state) {
  std::size_t solid = 0;
  std::size_t waiting = 0;
  for (const OwnerLink& link : state.owners) {
    solid += link.exists && !link.awaitsDependents ? 1 : 0;
    waiting += link.exists && link.awaitsDependents ? 1 : 0;
  }
  if (solid == state.owners.size()) {
    return {};
  }
  if (solid > 0) {
    return {keepSolidOwners(state)};
  }
  // An owner that waits wants the whole tree gone before itself.
  const bool foreground = waiting > 0 && !state.dependents.empty();
  return {deletion(state, foreground ? "Foreground" : policyFor(*state.meta))};
}

}  // namespace

Actions reconcile(const GarbageState& state) {
  if (state.meta->terminating()) {
    if (has(*state.meta, kOrphanFinalizer)) {
      return orphanDependents(state);
    }
    return has(*state.meta, kForegroundFinalizer) ? finishForeground(state) : Actions{};
  }
  return followOwners(state);
}

}  // namespace hitless::control
