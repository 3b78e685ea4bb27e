#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/error.h"
#include "core/rules/programmer.h"
#include "core/service/snapshot.h"
#include "core/watch/update.h"

namespace hitless::app {

/// From the news of the cluster to the node's packet rules: the part of the loop between the
/// watches and the acknowledgement.
class ServicePlane {
 public:
  /// `options.podCidrs` empty: taken from the node's own Node object.
  ServicePlane(nft::Dataplane& dataplane, std::string node, rules::Options options);

  void applyServices(const watch::Update& update) {
    changes_.merge(builder_.applyServices(update));
  }
  void applySlices(const watch::Update& update) {
    changes_.merge(builder_.applyEndpointSlices(update));
  }
  /// True if the rules depend on what changed.
  bool applyNodes(const watch::Update& update);

  /// Makes the data plane agree with everything taken in so far. After an error, and when told to,
  /// it trusts nothing it knew of the data plane and reads it back.
  Result<rules::SyncReceipt> sync();
  void distrust() { programmer_.distrust(); }
  Status cleanup() { return programmer_.cleanup(); }

 private:
  std::string node_;
  bool fixedPodCidrs_;
  rules::Options options_;
  service::SnapshotBuilder builder_;
  service::Changes changes_;  ///< Since the last successful sync.
  rules::Programmer programmer_;
};

}  // namespace hitless::app
