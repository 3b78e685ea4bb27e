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

/// What a hook tells of the pod that it belongs to.
struct PodRef {
  enum class By {
    kGateId,   ///< The id that admission has put into the hook.
    kAddress,  ///< Where the request comes from; the node's own address is nobody's.
  };
  By by = By::kGateId;
  std::string value;

  auto operator<=>(const PodRef&) const = default;
};

/// The pods of one node.
class OwnPods {
 public:
  void apply(const watch::Update& pods);
  bool synced() const { return synced_; }
  /// By "namespace/name"; nullptr if there is none.
  const kube::Pod* find(const std::string& key) const;
  /// Ready pods that one of these Services selects.
  std::vector<kube::Pod> selectedBy(const Selection& selection,
                                    const watch::Update& services) const;
  /// nullptr if it is none of them. Of several (a copied manifest, an address that is used again)
  /// one that is being deleted.
  const kube::Pod* find(const PodRef& ref) const;
  std::set<std::string> uids() const;

 private:
  bool synced_ = false;
  std::map<std::string, kube::Pod> pods_;  ///< by "namespace/name"
};

}  // namespace hitless::drain
