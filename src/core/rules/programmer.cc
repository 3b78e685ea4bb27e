#include "core/rules/programmer.h"

#include <algorithm>
#include <iterator>

#include "core/nft/diff.h"
#include "core/rules/affinity.h"
#include "core/rules/flows.h"
#include "core/rules/names.h"
#include "core/rules/skeleton.h"

namespace hitless::rules {
namespace {

using service::PlannedFamily;
using service::PlannedPort;
using service::PlannedService;
using service::ServiceName;

PlannedService planIn(const service::Snapshot& snapshot, const ServiceName& name,
                      const service::NodeView& node, const HolderOf& holderOf) {
  const service::ServiceState* state = snapshot.find(name);
  PlannedService plan = state != nullptr ? service::planFor(*state, node) : PlannedService{};
  if (plan.skipped) {
    return {};
  }
  yieldClaims(plan, name, holderOf);
  return plan;
}

const service::Service* serviceIn(const service::Snapshot& snapshot, const ServiceName& name) {
  const service::ServiceState* state = snapshot.find(name);
  return state == nullptr ? nullptr : state->service.get();
}

template <class Visit>
void forEachHairpin(const PlannedService& service, const Options& options, Visit visit) {
  for (const PlannedFamily& family : service.families) {
    if (!enabled(options, family.family)) {
      continue;
    }
    for (const PlannedPort& port : family.ports) {
      std::for_each(port.localHosts.begin(), port.localHosts.end(), visit);
    }
  }
}

/// Table and empty sets: what a diff of a few services' contributions needs to see on both sides.
nft::Ruleset bareSets(const Options& options) {
  nft::Ruleset bare = skeleton(options);
  bare.chains.clear();
  for (auto& [name, set] : bare.sets) {
    set.elements.clear();
  }
  return bare;
}

}  // namespace

/// The next state of the services that change, next to the operations that lead there.
struct Programmer::Change {
  nft::Ruleset before;
  nft::Ruleset after;
  std::vector<std::pair<ServiceName, Slots>> slots;
  std::map<IpAddress, std::int64_t> hairpinDeltas;
  nft::Transaction transaction;
  std::vector<conntrack::Destination> changed;
  std::vector<AffinityMap> affinity;
};

Programmer::Programmer(nft::Dataplane& dataplane, service::NodeView node, Options options)
    : dataplane_(dataplane),
      node_(std::move(node)),
      options_(std::move(options)),
      bare_(bareSets(options_)) {}

bool Programmer::configure(service::NodeView node, Options options) {
  if (options == options_ && node == node_) {
    return false;
  }
  node_ = std::move(node);
  options_ = std::move(options);
  bare_ = bareSets(options_);
  trusted_ = false;
  return true;
}

const Slots& Programmer::slotsOf(const ServiceName& name) const {
  static const Slots kNone;
  const auto it = slots_.find(name);
  return it == slots_.end() ? kNone : it->second;
}

Result<SyncReceipt> Programmer::sync(const service::Snapshot& snapshot,
                                     const service::Changes& changes) {
  return trusted_ && !changes.all ? syncIncremental(snapshot, changes) : syncFull(snapshot);
}

Result<SyncReceipt> Programmer::syncFull(const service::Snapshot& snapshot) {
  trusted_ = false;
  const nft::Ruleset applied = TRY(dataplane_.read());
  SyncReceipt receipt{SyncReceipt::Mode::kFull, snapshot.revision(), 0, {}, {}};
  AllSlots slots;
  HairpinCounts hairpins;
  std::vector<AffinityMap> affinity;
  nft::Ruleset wanted = skeleton(options_);
  Claims claims = Claims::of(snapshot, node_);
  snapshot.forEach([&](const ServiceName& name, const service::ServiceState& state) {
    ++receipt.services;
    PlannedService plan = service::planFor(state, node_);
    if (plan.skipped) {
      return;
    }
    yieldClaims(plan, name, [&](const Claim& claim) { return claims.holder(claim); });
    const Slots previous = slotsIn(applied, plan);
    LaidOutService service = layOut(std::move(plan), previous);
    contribute(wanted, surroundings(), name, service);
    forEachHairpin(service.plan, options_, [&](const IpAddress& address) { ++hairpins[address]; });
    addAllFlows(receipt.changed, options_, service.plan);
    auto maps = affinityOf(name, service);
    affinity.insert(affinity.end(), maps.begin(), maps.end());
    if (!inOrder(service)) {
      slots.emplace(name, std::move(service.slots));
    }
  });
  for (const auto& [address, count] : hairpins) {
    wanted.sets[names::suffixed(names::kHairpin, address.family())].elements.insert(
        hairpinElement(address));
  }
  receipt.dataplane = TRY(nft::applyInTwo(dataplane_, nft::diff(applied, wanted)));
  for (const AffinityMap& map : affinity) {
    if (applied.sets.contains(map.name)) {
      TRY_VOID(purge(dataplane_, std::string(names::kTable), map));
    }
  }
  applied_ = snapshot;
  slots_ = std::move(slots);
  claims_ = std::move(claims);
  hairpins_ = std::move(hairpins);
  trusted_ = true;
  return receipt;
}

void Programmer::planService(Change& change, const service::Snapshot& snapshot,
                             const ServiceName& name, const ClaimChange& claims) const {
  const auto held = [&](const Claim& claim) { return claims.before(claim); };
  const auto holds = [&](const Claim& claim) { return claims.now(claim); };
  const LaidOutService old = layOut(planIn(applied_, name, node_, held), slotsOf(name));
  LaidOutService next = layOut(planIn(snapshot, name, node_, holds), old.slots);
  if (next == old) {
    return;
  }
  contribute(change.before, surroundings(), name, old);
  contribute(change.after, surroundings(), name, next);
  forEachHairpin(old.plan, options_, [&](const IpAddress& ip) { --change.hairpinDeltas[ip]; });
  forEachHairpin(next.plan, options_, [&](const IpAddress& ip) { ++change.hairpinDeltas[ip]; });
  addChangedFlows(change.changed, options_, old.plan, next.plan);
  auto maps = shrunkAffinity(name, old, next);
  change.affinity.insert(change.affinity.end(), maps.begin(), maps.end());
  change.slots.emplace_back(name, inOrder(next) ? Slots{} : std::move(next.slots));
}

Programmer::Change Programmer::planChange(const service::Snapshot& snapshot,
                                          const service::Changes& changes) {
  Change change;
  change.before = bare_;
  change.after = bare_;
  ClaimChange claims(claims_, node_);
  for (const ServiceName& name : changes.services) {
    claims.replace(name, serviceIn(applied_, name), serviceIn(snapshot, name));
  }
  for (const ServiceName& name : changes.services) {
    planService(change, snapshot, name, claims);
  }
  for (const ServiceName& name : claims.affected()) {
    if (!changes.services.contains(name)) {
      planService(change, snapshot, name, claims);
    }
  }
  for (const auto& [address, delta] : change.hairpinDeltas) {
    const std::string set = names::suffixed(names::kHairpin, address.family());
    const auto it = hairpins_.find(address);
    const std::int64_t count = it == hairpins_.end() ? 0 : it->second;
    if (count > 0) {
      change.before.sets[set].elements.insert(hairpinElement(address));
    }
    if (count + delta > 0) {
      change.after.sets[set].elements.insert(hairpinElement(address));
    }
  }
  change.transaction = nft::diff(change.before, change.after);
  return change;
}

void Programmer::commit(Change change) {
  for (auto& [name, slots] : change.slots) {
    if (slots.empty()) {
      slots_.erase(name);
    } else {
      slots_.insert_or_assign(name, std::move(slots));
    }
  }
  for (const auto& [address, delta] : change.hairpinDeltas) {
    const std::int64_t count = std::int64_t{hairpins_[address]} + delta;
    if (count > 0) {
      hairpins_[address] = static_cast<std::uint32_t>(count);
    } else {
      hairpins_.erase(address);
    }
  }
}

Result<SyncReceipt> Programmer::syncIncremental(const service::Snapshot& snapshot,
                                                const service::Changes& changes) {
  SyncReceipt receipt{
      SyncReceipt::Mode::kIncremental, snapshot.revision(), changes.services.size(), {}, {}};
  Change change = planChange(snapshot, changes);
  trusted_ = false;  // Until all of it is done.
  receipt.dataplane = TRY(nft::applyInTwo(dataplane_, std::move(change.transaction)));
  for (const AffinityMap& map : change.affinity) {
    TRY_VOID(purge(dataplane_, std::string(names::kTable), map));
  }
  trusted_ = true;
  receipt.changed = std::move(change.changed);
  commit(std::move(change));
  applied_ = snapshot;
  return receipt;
}

Status Programmer::cleanup() {
  trusted_ = false;
  const nft::Ruleset applied = TRY(dataplane_.read());
  const auto transaction = nft::diff(applied, {});
  if (!transaction.empty()) {
    TRY_VOID(dataplane_.apply(transaction));
  }
  return {};
}

}  // namespace hitless::rules
