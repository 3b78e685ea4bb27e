#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "core/nft/datum.h"
#include "core/service/plan.h"

/// Who is served where several services want the same external IP and port. Nothing forbids that:
/// spec.externalIPs is free text, and a load balancer may give one IP to many services. The service
/// that is older has it (of the same age, the first by name), so that a newcomer takes nothing from
/// anybody; when that one goes, the next has it.
namespace hitless::rules {

/// A service port outside the cluster's own range: of an external IP, or a node port.
using Claim = std::pair<IpFamily, nft::Datum>;

struct Claimant {
  WallTime created;
  service::ServiceName name;
  auto operator<=>(const Claimant&) const = default;
};

/// Who has a claim; nullptr: nobody.
using HolderOf = std::function<const Claimant*(const Claim&)>;

class Claims {
 public:
  /// Of all services that the node serves.
  static Claims of(const service::Snapshot& snapshot, const service::NodeView& node);

  void add(const Claim& claim, const Claimant& claimant);
  void remove(const Claim& claim, const Claimant& claimant);
  const Claimant* holder(const Claim& claim) const;

 private:
  std::map<Claim, std::vector<Claimant>> claimants_;  ///< Oldest first.
};

/// Changes claims, and knows who held them before.
class ClaimChange {
 public:
  /// Both must outlive this object.
  ClaimChange(Claims& claims, const service::NodeView& node) : claims_(claims), node_(node) {}

  /// The service became another one; nullptr: it was not there, or is not any more.
  void replace(const service::ServiceName& name, const service::Service* before,
               const service::Service* now);
  const Claimant* before(const Claim& claim) const;
  const Claimant* now(const Claim& claim) const { return claims_.holder(claim); }
  /// The services that won or lost anything.
  std::set<service::ServiceName> affected() const;

 private:
  void remember(const Claim& claim);

  Claims& claims_;
  const service::NodeView& node_;
  std::map<Claim, std::optional<Claimant>> before_;
};

/// Takes out of a service's plan what others hold.
void yieldClaims(service::PlannedService& plan, const service::ServiceName& name,
                 const HolderOf& holderOf);

}  // namespace hitless::rules
