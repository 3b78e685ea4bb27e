#pragma once

#include <vector>

#include "core/control/controllers/namespace.h"

namespace hitless::control {

inline constexpr std::string_view kForegroundFinalizer = "foregroundDeletion";
inline constexpr std::string_view kOrphanFinalizer = "orphan";

/// One owner reference of an object, checked against what exists.
struct OwnerLink {
  kube::OwnerReference reference;
  /// The uid exists with this kind and name, in the same namespace or cluster-wide. An owner of a
  /// kind that is not served counts as existing: nothing can be known about it.
  bool exists = false;
  bool awaitsDependents = false;  ///< It is being deleted in the foreground.
};

struct Dependent {
  const kube::Resource* resource = nullptr;
  Ref<kube::ObjectMeta> meta;
};

struct GarbageState {
  const kube::Resource* resource = nullptr;
  Ref<kube::ObjectMeta> meta;
  std::vector<OwnerLink> owners;
  std::vector<Dependent> dependents;  ///< Objects with a reference to this one.
};

/// What the garbage collector does about one object: deletes it when its last owner is gone, drops
/// references to owners that are gone while others remain, and completes its own deletion where
/// that waits for dependents (foreground) or sets them free (orphan).
Actions reconcile(const GarbageState& state);

}  // namespace hitless::control
