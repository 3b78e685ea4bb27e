#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/objects.h"
#include "core/watch/update.h"

namespace hitless::drain {

/// Which Services select a pod.
class Selection {
 public:
  void apply(const watch::Update& services);
  bool synced() const { return synced_; }
  bool selects(const kube::Pod& pod) const;
  /// The same for one Service of the pod's namespace.
  bool selects(const kube::Pod& pod, const std::string& service) const;

 private:
  bool synced_ = false;
  std::map<std::string, std::map<std::string, kube::Labels>>
      selectors_;  ///< namespace -> name -> selector
};

/// The pods of one node, found by the gate id in their annotation.
class OwnPods {
 public:
  void apply(const watch::Update& pods);
  bool synced() const { return synced_; }
  /// By "namespace/name"; nullptr if there is none.
  const kube::Pod* find(const std::string& key) const;
  /// Ready pods that one of these Services selects.
  std::vector<kube::Pod> selectedBy(const Selection& selection,
                                    const watch::Update& services) const;
  /// nullptr if no pod carries the id. Of several (a copied manifest), one that is being deleted.
  const kube::Pod* byGate(std::string_view gateId) const;
  std::set<std::string> uids() const;

 private:
  bool synced_ = false;
  std::map<std::string, kube::Pod> pods_;  ///< by "namespace/name"
};

}  // namespace hitless::drain
