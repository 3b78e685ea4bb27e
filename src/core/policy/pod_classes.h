#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/policy/policies.h"
#include "core/watch/update.h"

namespace hitless::policy {

/// The classes of pods that there are: pods of one namespace whose labels are the same to all
/// selectors share one, which is made when the first of them comes and goes with the last.
class PodClasses {
 public:
  struct Slot {
    std::string ns;
    kube::Labels labels;  ///< Those that any selector asks about.
    std::shared_ptr<const PodClass> cls;
    bool changed = false;  ///< Since settle().
  };
  using Ref = std::shared_ptr<Slot>;

  /// `policies` must outlive this object.
  explicit PodClasses(const Policies& policies) : policies_(policies) {}

  void applyNamespaces(const watch::Update& update);
  /// By name, with the label that says it.
  const std::map<std::string, kube::Labels, std::less<>>& namespaces() const { return namespaces_; }

  Ref of(const Pod& pod);
  void leave(Ref& slot);
  /// Policies ask about other labels: every pod must ask for its class again.
  void clear() { slots_.clear(); }
  /// Looks at all of them again, or at those of the namespaces that have changed. True if any is
  /// another than before.
  bool refreshAll();
  bool refreshChanged();
  void settle();

 private:
  using Slots = std::map<std::pair<std::string, kube::Labels>, Ref>;

  const kube::Labels& labelsOf(const std::string& ns);
  std::shared_ptr<const PodClass> classOf(const Slot& slot);
  bool refresh(Slot& slot);

  const Policies& policies_;
  std::map<std::string, kube::Labels, std::less<>> namespaces_;
  std::set<std::string> changedNamespaces_;
  Slots slots_;
};

}  // namespace hitless::policy
