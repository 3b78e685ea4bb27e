#pragma once

#include "core/control/controllers/table.h"
#include "core/kube/objects.h"
#include "core/kube/resource.h"

namespace hitless::control {

/// Every object of every kind, by uid: who owns whom, and what is in a namespace.
class OwnerGraph {
 public:
  struct Node {
    const kube::Resource* resource = nullptr;
    Ref<kube::ObjectMeta> meta;
  };

  /// Null if there is none.
  const Node* find(const std::string& uid) const;
  void put(const kube::Resource& resource, Ref<kube::ObjectMeta> meta);
  void erase(const std::string& uid);

  /// uids of the objects that have an owner reference to `uid`, whether or not that exists.
  const std::set<std::string>& dependents(const std::string& uid) const {
    return dependents_.at(uid);
  }
  const std::set<std::string>& inNamespace(const std::string& ns) const { return contents_.at(ns); }

 private:
  std::unordered_map<std::string, Node> nodes_;
  Index dependents_;
  Index contents_;
};

}  // namespace hitless::control
