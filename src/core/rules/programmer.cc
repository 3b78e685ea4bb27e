#include "core/rules/programmer.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "core/nft/diff.h"
#include "core/rules/names.h"
#include "core/rules/skeleton.h"
#include "core/rules/slots.h"

namespace hitless::rules {
namespace {

using service::Outcome;
using service::PlannedPort;
using service::ServiceName;
using service::Target;

bool samePort(const PlannedPort& a, const PlannedPort& b) {
  return a.vip == b.vip && a.protocol == b.protocol && a.port == b.port;
}

const PlannedPort* findPort(const LaidOutService& service, const PlannedPort& port) {
  for (const PlannedPort& other : service.plan.ports) {
    if (samePort(other, port)) {
      return &other;
    }
  }
  return nullptr;
}

/// Plans a service and lays its endpoints out; `previousSlots` gives the slots of a port so far.
template <class PreviousSlots>
LaidOutService layOut(service::PlannedService plan, PreviousSlots previousSlots) {
  LaidOutService service{std::move(plan), {}};
  for (const PlannedPort& port : service.plan.ports) {
    service.slots.push_back(port.outcome == Outcome::kForward
                                ? assignSlots(previousSlots(port), port.endpoints)
                                : std::vector<Target>{});
  }
  return service;
}

std::vector<Target> slotsOf(const LaidOutService& service, const PlannedPort& port) {
  for (std::size_t i = 0; i < service.plan.ports.size(); ++i) {
    if (samePort(service.plan.ports[i], port)) {
      return service.slots[i];
    }
  }
  return {};
}

std::vector<conntrack::Destination::Endpoint> endpointsOf(const std::vector<Target>& targets) {
  std::vector<conntrack::Destination::Endpoint> list;
  for (const Target& target : targets) {
    list.emplace_back(target.ip, target.port);
  }
  return list;
}

conntrack::Destination destinationOf(const PlannedPort& port) {
  return {static_cast<std::uint8_t>(port.protocol), port.vip, port.port,
          endpointsOf(port.endpoints), endpointsOf(port.serving)};
}

/// A port that is gone: no endpoint is valid any more.
conntrack::Destination goneDestination(const PlannedPort& port) {
  return {static_cast<std::uint8_t>(port.protocol), port.vip, port.port, {}, {}};
}

bool lost(const std::vector<Target>& before, const std::vector<Target>& now) {
  return !std::includes(now.begin(), now.end(), before.begin(), before.end());
}

/// Adds the ports of `before` whose flows may be stale with `now`.
void addChanged(std::vector<conntrack::Destination>& out, const LaidOutService& before,
                const LaidOutService& now) {
  for (const PlannedPort& old : before.plan.ports) {
    const PlannedPort* port = findPort(now, old);
    if (port == nullptr) {
      out.push_back(goneDestination(old));
    } else if (lost(old.endpoints, port->endpoints) || lost(old.serving, port->serving)) {
      out.push_back(destinationOf(*port));
    }
  }
  for (const PlannedPort& port : now.plan.ports) {
    const PlannedPort* old = findPort(before, port);
    const bool first = (old == nullptr || old->endpoints.empty()) && !port.endpoints.empty();
    if (first && port.protocol == service::Protocol::kUdp) {
      out.push_back(destinationOf(port));
    }
  }
}

bool enabled(const Options& options, IpFamily family) {
  return std::find(options.families.begin(), options.families.end(), family) !=
         options.families.end();
}

template <class Visit>
void forEachHairpin(const LaidOutService& service, const Options& options, Visit visit) {
  for (const PlannedPort& port : service.plan.ports) {
    for (const IpAddress& address : port.localHosts) {
      if (enabled(options, address.family())) {
        visit(address);
      }
    }
  }
}

nft::Ruleset withElements(nft::Ruleset ruleset, ElementsBySet elements) {
  for (auto& [set, list] : elements) {
    ruleset.sets[set].elements.merge(list);
  }
  return ruleset;
}

/// Element operations that turn one service's elements into the next, without reading anything
/// else.
nft::Transaction elementChanges(const nft::Ruleset& bare, ElementsBySet before,
                                ElementsBySet after) {
  return nft::diff(withElements(bare, std::move(before)), withElements(bare, std::move(after)));
}

/// Table and empty sets: what an element-only diff needs to see on both sides.
nft::Ruleset bareSets(const Options& options) {
  nft::Ruleset bare = skeleton(options);
  bare.chains.clear();
  for (auto it = bare.sets.begin(); it != bare.sets.end();) {
    it = it->second.elements.empty() ? std::next(it) : bare.sets.erase(it);
  }
  return bare;
}

}  // namespace

/// The next state of the services that change, next to the operations that lead there.
struct Programmer::Change {
  std::vector<std::pair<ServiceName, LaidOutService>> services;
  std::map<IpAddress, std::int64_t> hairpinDeltas;
  nft::Transaction transaction;
  std::vector<conntrack::Destination> changed;
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

const LaidOutService* Programmer::find(const ServiceName& name) const {
  const auto it = services_.find(name);
  return it == services_.end() ? nullptr : &it->second;
}

Result<SyncReceipt> Programmer::sync(const service::Snapshot& snapshot,
                                     const service::Changes& changes) {
  return trusted_ && !changes.all ? syncIncremental(snapshot, changes) : syncFull(snapshot);
}

Result<SyncReceipt> Programmer::syncFull(const service::Snapshot& snapshot) {
  trusted_ = false;
  const nft::Ruleset applied = TRY(dataplane_.read());
  const auto appliedSlots = [&](const PlannedPort& port) {
    const auto set = applied.sets.find(names::serviceEndpoints(port.vip.family()));
    return set == applied.sets.end() ? std::vector<Target>{} : slotsIn(set->second.elements, port);
  };
  SyncReceipt receipt{SyncReceipt::Mode::kFull, snapshot.revision(), 0, {}, {}};
  Services services;
  HairpinCounts hairpins;
  ElementsBySet elements;
  snapshot.forEach([&](const ServiceName& name, const service::ServiceState& state) {
    ++receipt.services;
    auto plan = service::planFor(state, node_);
    if (plan.skipped) {
      return;
    }
    const LaidOutService& service =
        services.emplace(name, layOut(std::move(plan), appliedSlots)).first->second;
    addElements(elements, options_, name, service);
    forEachHairpin(service, options_, [&](const IpAddress& address) { ++hairpins[address]; });
    for (const PlannedPort& port : service.plan.ports) {
      if (port.protocol == service::Protocol::kUdp) {
        receipt.changed.push_back(destinationOf(port));
      }
    }
  });
  for (const auto& [address, count] : hairpins) {
    elements[names::hairpin(address.family())].insert(hairpinElement(address));
  }
  const auto transaction =
      nft::diff(applied, withElements(skeleton(options_), std::move(elements)));
  if (!transaction.empty()) {
    receipt.dataplane = TRY(dataplane_.apply(transaction));
  }
  services_ = std::move(services);
  hairpins_ = std::move(hairpins);
  trusted_ = true;
  return receipt;
}

Programmer::Change Programmer::planChange(const service::Snapshot& snapshot,
                                          const service::Changes& changes) const {
  Change change;
  ElementsBySet before;
  ElementsBySet after;
  const LaidOutService nothing;
  for (const ServiceName& name : changes.services) {
    const LaidOutService* known = find(name);
    const LaidOutService& old = known != nullptr ? *known : nothing;
    const service::ServiceState* state = snapshot.find(name);
    auto plan = state != nullptr ? service::planFor(*state, node_) : service::PlannedService{};
    LaidOutService next =
        plan.skipped
            ? LaidOutService{}
            : layOut(std::move(plan), [&](const PlannedPort& port) { return slotsOf(old, port); });
    if (next == old) {
      continue;
    }
    addElements(before, options_, name, old);
    addElements(after, options_, name, next);
    forEachHairpin(old, options_, [&](const IpAddress& ip) { --change.hairpinDeltas[ip]; });
    forEachHairpin(next, options_, [&](const IpAddress& ip) { ++change.hairpinDeltas[ip]; });
    addChanged(change.changed, old, next);
    change.services.emplace_back(name, std::move(next));
  }
  for (const auto& [address, delta] : change.hairpinDeltas) {
    const auto it = hairpins_.find(address);
    const std::int64_t count = it == hairpins_.end() ? 0 : it->second;
    if (count > 0) {
      before[names::hairpin(address.family())].insert(hairpinElement(address));
    }
    if (count + delta > 0) {
      after[names::hairpin(address.family())].insert(hairpinElement(address));
    }
  }
  change.transaction = elementChanges(bare_, std::move(before), std::move(after));
  return change;
}

void Programmer::commit(Change change) {
  for (auto& [name, service] : change.services) {
    if (service.plan.vips.empty()) {
      services_.erase(name);
    } else {
      services_.insert_or_assign(name, std::move(service));
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
  if (!change.transaction.empty()) {
    auto applied = dataplane_.apply(change.transaction);
    if (!applied) {
      trusted_ = false;
      return tl::unexpected(std::move(applied).error());
    }
    receipt.dataplane = *applied;
  }
  receipt.changed = std::move(change.changed);
  commit(std::move(change));
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
