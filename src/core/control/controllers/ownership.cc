#include "core/control/controllers/ownership.h"

#include "core/kube/selector.h"

namespace hitless::control {

ObjectRef refTo(const kube::Resource& resource, const kube::ObjectMeta& meta) {
  return {&resource, meta.ns, meta.name, meta.uid};
}

kube::OwnerReference controllerReference(const kube::Resource& resource,
                                         const kube::ObjectMeta& owner) {
  return {resource.apiVersion(), std::string(resource.kind), owner.name, owner.uid, true, true};
}

Claim claim(const kube::ObjectMeta& owner, const kube::LabelSelector& selector,
            const kube::ObjectMeta& object) {
  const bool matches = kube::matches(selector, object.labels);
  if (const kube::OwnerReference* controller = object.controller()) {
    if (controller->uid != owner.uid) {
      return Claim::kForeign;
    }
    if (matches) {
      return Claim::kOurs;
    }
    return owner.terminating() ? Claim::kForeign : Claim::kRelease;
  }
  const bool free = matches && !owner.terminating() && !object.terminating();
  return free ? Claim::kAdopt : Claim::kForeign;
}

namespace {

Patch ownersPatch(const kube::Resource& resource, const kube::ObjectMeta& object,
                  kube::json::array owners) {
  kube::json::value value = nullptr;
  if (!owners.empty()) {
    value = std::move(owners);
  }
  return {refTo(resource, object),
          "",
          {{"metadata", {{"ownerReferences", std::move(value)}}}},
          object.resourceVersion};
}

}  // namespace

Patch adopt(const kube::Resource& resource, const kube::ObjectMeta& object,
            const kube::OwnerReference& owner) {
  kube::json::array owners;
  for (const kube::OwnerReference& existing : object.owners) {
    owners.push_back(kube::toJson(existing));
  }
  owners.push_back(kube::toJson(owner));
  return ownersPatch(resource, object, std::move(owners));
}

Patch release(const kube::Resource& resource, const kube::ObjectMeta& object,
              std::string_view ownerUid) {
  kube::json::array owners;
  for (const kube::OwnerReference& existing : object.owners) {
    if (existing.uid != ownerUid) {
      owners.push_back(kube::toJson(existing));
    }
  }
  return ownersPatch(resource, object, std::move(owners));
}

bool isOurs(const Claimant& owner, const kube::Resource& resource, const kube::ObjectMeta& object,
            Actions& actions) {
  switch (claim(owner.meta, owner.selector, object)) {
    case Claim::kOurs:
      return true;
    case Claim::kAdopt:
      actions.push_back(adopt(resource, object, controllerReference(owner.resource, owner.meta)));
      return false;
    case Claim::kRelease:
      actions.push_back(release(resource, object, owner.meta.uid));
      return false;
    case Claim::kForeign:
      return false;
  }
  return false;
}

std::string_view valueOf(const kube::Labels& map, std::string_view key) {
  const auto it = map.find(key);
  return it == map.end() ? std::string_view{} : std::string_view(it->second);
}

}  // namespace hitless::control
