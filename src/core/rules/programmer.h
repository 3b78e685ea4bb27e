#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/conntrack/stale.h"
#include "core/nft/dataplane.h"
#include "core/rules/claims.h"
#include "core/rules/elements.h"
#include "core/rules/options.h"
#include "core/service/plan.h"

namespace hitless::rules {

/// What a sync did.
struct SyncReceipt {
  enum class Mode {
    kFull,         ///< Read the data plane back and compared everything.
    kIncremental,  ///< Only the services that changed; trusts what was applied before.
  };
  Mode mode = Mode::kFull;
  std::uint64_t revision = 0;  ///< The snapshot's: what the data plane now holds.
  std::size_t services = 0;    ///< How many were planned.
  nft::Receipt dataplane;      ///< All zero if nothing had to change.
  /// For conntrack::removeStaleFlows(): service addresses from which an endpoint went, or which got
  /// their first one. Every one after a full sync.
  std::vector<conntrack::Destination> changed;
};

/// Keeps a data plane's table equal to the plan of the newest snapshot, at a cost that follows the
/// change and not the cluster. What it applied is a function of the snapshot that it applied and of
/// the slots that endpoints were given; it remembers these two, and loses that trust when an apply
/// fails.
class Programmer {
 public:
  /// `dataplane` must outlive this object.
  Programmer(nft::Dataplane& dataplane, service::NodeView node, Options options);

  /// Brings the data plane to `snapshot`. `changes` says which services may differ from the
  /// snapshot of the last successful sync; it is ignored when trust is lost, because then
  /// everything is compared. After an error the data plane holds the last transaction that
  /// succeeded; call again.
  Result<SyncReceipt> sync(const service::Snapshot& snapshot, const service::Changes& changes);

  /// Forgets what was applied, because somebody else touched the table: the next sync is full.
  void distrust() { trusted_ = false; }
  bool trusted() const { return trusted_; }

  /// Takes over what is new of the node. True if anything differs; then the next sync is full.
  bool configure(service::NodeView node, Options options);
  const service::NodeView& node() const { return node_; }

  /// Removes the table with everything in it.
  Status cleanup();

 private:
  using AllSlots = std::map<service::ServiceName, Slots>;
  using HairpinCounts = std::map<IpAddress, std::uint32_t>;
  struct Change;

  Result<SyncReceipt> syncFull(const service::Snapshot& snapshot);
  Result<SyncReceipt> syncIncremental(const service::Snapshot& snapshot,
                                      const service::Changes& changes);
  Change planChange(const service::Snapshot& snapshot, const service::Changes& changes);
  void planService(Change& change, const service::Snapshot& snapshot,
                   const service::ServiceName& name, const ClaimChange& claims) const;
  void commit(Change change);

  Surroundings surroundings() const { return {options_, node_.addresses}; }
  /// What layOut() needs to find the slots that were applied.
  const Slots& slotsOf(const service::ServiceName& name) const;

  nft::Dataplane& dataplane_;
  service::NodeView node_;
  Options options_;
  nft::Ruleset bare_;  ///< Table and empty sets.
  bool trusted_ = false;
  service::Snapshot applied_;
  AllSlots slots_;  ///< Of services whose slots are not in the endpoints' own order.
  Claims claims_;
  HairpinCounts hairpins_;  ///< How many service ports have an endpoint with this local address.
};

}  // namespace hitless::rules
