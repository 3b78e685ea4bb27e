#pragma once

#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "core/nft/dataplane.h"
#include "core/service/snapshot.h"

namespace hitless::app {

/// Whoever looks after the addresses of pods that go: the part of the agent's step between the
/// service rules and the acknowledgement.
class AddressKeeper {
 public:
  virtual ~AddressKeeper() = default;
  /// True if something may be different.
  virtual bool applyPods(const watch::Update& own) = 0;
  virtual void applyNodes(const watch::Update& nodes) = 0;
  /// Takes in the way from one snapshot to the next.
  virtual void update(const service::Snapshot& before, const service::Snapshot& after,
                      const service::Changes& changes) = 0;
  /// Makes the kernel agree with everything taken in so far.
  virtual Result<nft::Receipt> commit(MonoTime now) = 0;
  /// When commit() would change something although nothing was taken in.
  virtual std::optional<MonoTime> deadline() const = 0;
  /// Somebody else may have touched the rules.
  virtual void distrust() = 0;
};

}  // namespace hitless::app
