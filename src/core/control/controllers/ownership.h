#pragma once

#include <memory>
#include <string_view>

#include "core/control/action.h"
#include "core/kube/objects.h"
#include "core/kube/resource.h"

namespace hitless::control {

/// A decoded object of the cache: immutable, shared with whoever looked at it.
template <class T>
using Ref = std::shared_ptr<const T>;

ObjectRef refTo(const kube::Resource& resource, const kube::ObjectMeta& meta);
/// The reference with which a controller marks what it owns (controller, blockOwnerDeletion).
kube::OwnerReference controllerReference(const kube::Resource& resource,
                                         const kube::ObjectMeta& owner);

/// What a controller may do with an object that its selector or an owner reference concerns.
enum class Claim {
  kOurs,
  kAdopt,    ///< Matches and has no controller: add our reference.
  kRelease,  ///< Ours by reference but no longer by selector: take the reference away.
  kForeign,
};

Claim claim(const kube::ObjectMeta& owner, const kube::LabelSelector& selector,
            const kube::ObjectMeta& object);

Patch adopt(const kube::Resource& resource, const kube::ObjectMeta& object,
            const kube::OwnerReference& owner);
/// Takes the references to `ownerUid` away.
Patch release(const kube::Resource& resource, const kube::ObjectMeta& object,
              std::string_view ownerUid);

/// True if the object is ours; adds the action that a claim asks for otherwise, if it asks for one.
struct Claimant {
  const kube::Resource& resource;
  const kube::ObjectMeta& meta;
  const kube::LabelSelector& selector;
};
bool isOurs(const Claimant& owner, const kube::Resource& resource, const kube::ObjectMeta& object,
            Actions& actions);

/// metadata.annotations or labels [key], or "".
std::string_view valueOf(const kube::Labels& map, std::string_view key);

}  // namespace hitless::control
