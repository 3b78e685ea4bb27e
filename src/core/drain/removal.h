#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "core/kube/objects.h"
#include "core/watch/update.h"

namespace hitless::drain {

/// What the EndpointSlices say of the endpoints of one pod that is being deleted.
struct Standing {
  bool listed = false;         ///< Some slice holds the pod, or held it.
  bool held = false;           ///< Some slice holds it now.
  std::string pending;         ///< A slice that does not tell of the removal yet; empty if none.
  std::uint64_t revision = 0;  ///< From this resourceVersion on all of them tell of it.
};

/// Follows at which resourceVersion the endpoints of one node's pods left the rotation. An endpoint
/// has left when it is terminating, when it is not ready in a slice that somebody else than
/// Kubernetes' controller manages (which need not set `terminating`), or when its slice no longer
/// holds it.
class RemovalIndex {
 public:
  explicit RemovalIndex(std::string node) : node_(std::move(node)) {}

  void apply(const watch::Update& slices);
  bool synced() const { return synced_; }
  Standing standing(const std::string& podUid) const;
  /// Drops what is remembered of pods that have been none of these for a while: the watch of the
  /// pods may be far behind that of the slices.
  void retain(const std::set<std::string>& podUids, MonoTime now);

 private:
  struct Mark {
    bool left = false;
    std::uint64_t revision = 0;  ///< When it left.
  };
  using Marks = std::map<std::string, Mark>;  ///< by pod UID

  struct Departure {
    std::uint64_t revision = 0;            ///< When the slice dropped the pod.
    std::optional<MonoTime> unknownSince;  ///< Since when no pod of the node has this UID.
  };

  void upsert(const kube::EndpointSlice& slice, watch::Update::Kind kind);
  void remove(const std::string& key, std::uint64_t revision);
  Marks marksOf(const kube::EndpointSlice& slice) const;
  void remember(const Marks& dropped, std::uint64_t revision);

  std::string node_;
  bool synced_ = false;
  std::map<std::string, Marks> slices_;        ///< Only slices that hold pods of this node.
  std::map<std::string, Departure> departed_;  ///< By the UID of a pod that a slice dropped.
};

}  // namespace hitless::drain
