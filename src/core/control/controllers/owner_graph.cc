#include "core/control/controllers/owner_graph.h"

namespace hitless::control {

const OwnerGraph::Node* OwnerGraph::find(const std::string& uid) const {
  const auto it = nodes_.find(uid);
  return it == nodes_.end() ? nullptr : &it->second;
}

void OwnerGraph::put(const kube::Resource& resource, Ref<kube::ObjectMeta> meta) {
  const std::string& uid = meta->uid;
  erase(uid);
  for (const kube::OwnerReference& owner : meta->owners) {
    dependents_.add(owner.uid, uid);
  }
  if (!meta->ns.empty()) {
    contents_.add(meta->ns, uid);
  }
  nodes_[uid] = {&resource, std::move(meta)};
}

void OwnerGraph::erase(const std::string& uid) {
  const auto it = nodes_.find(uid);
  if (it == nodes_.end()) {
    return;
  }
  const Ref<kube::ObjectMeta> meta = it->second.meta;
  nodes_.erase(it);
  for (const kube::OwnerReference& owner : meta->owners) {
    dependents_.remove(owner.uid, meta->uid);
  }
  contents_.remove(meta->ns, meta->uid);
}

}  // namespace hitless::control
