#include "core/rules/claims.h"

#include <algorithm>

#include "core/rules/slot_keys.h"

namespace hitless::rules {
namespace {

using service::NodeView;
using service::PlannedFamily;
using service::PlannedPort;
using service::PlannedService;
using service::Service;
using service::ServiceName;

std::set<Claim> claimsOf(const Service* service, const NodeView& node) {
  std::set<Claim> claims;
  if (service == nullptr || service::skipReason(*service, node)) {
    return claims;
  }
  for (const IpAddress& clusterIp : service->clusterIps) {
    const IpFamily family = clusterIp.family();
    const auto addresses = service::externalIpsOf(*service, clusterIp);
    for (const service::ServicePort& port : service->ports) {
      for (const IpAddress& address : addresses) {
        claims.emplace(family, addressKey(address, port.protocol, port.port));
      }
      if (port.nodePort != 0) {
        claims.emplace(family, nodePortKey(port.protocol, port.nodePort));
      }
    }
  }
  return claims;
}

}  // namespace

Claims Claims::of(const service::Snapshot& snapshot, const NodeView& node) {
  Claims claims;
  snapshot.forEach([&](const ServiceName& name, const service::ServiceState& state) {
    for (const Claim& claim : claimsOf(state.service.get(), node)) {
      claims.add(claim, {state.service->created, name});
    }
  });
  return claims;
}

void Claims::add(const Claim& claim, const Claimant& claimant) {
  auto& list = claimants_[claim];
  list.insert(std::upper_bound(list.begin(), list.end(), claimant), claimant);
}

void Claims::remove(const Claim& claim, const Claimant& claimant) {
  const auto it = claimants_.find(claim);
  if (it == claimants_.end()) {
    return;
  }
  std::erase(it->second, claimant);
  if (it->second.empty()) {
    claimants_.erase(it);
  }
}

const Claimant* Claims::holder(const Claim& claim) const {
  const auto it = claimants_.find(claim);
  return it == claimants_.end() ? nullptr : &it->second.front();
}

void ClaimChange::remember(const Claim& claim) {
  const Claimant* holder = claims_.holder(claim);
  before_.emplace(claim, holder == nullptr ? std::nullopt : std::optional(*holder));
}

void ClaimChange::replace(const ServiceName& name, const Service* before, const Service* now) {
  if (before == now) {
    return;
  }
  for (const Claim& claim : claimsOf(before, node_)) {
    remember(claim);
    claims_.remove(claim, {before->created, name});
  }
  for (const Claim& claim : claimsOf(now, node_)) {
    remember(claim);
    claims_.add(claim, {now->created, name});
  }
}

const Claimant* ClaimChange::before(const Claim& claim) const {
  const auto it = before_.find(claim);
  if (it == before_.end()) {
    return claims_.holder(claim);
  }
  return it->second ? &*it->second : nullptr;
}

std::set<ServiceName> ClaimChange::affected() const {
  std::set<ServiceName> names;
  for (const auto& [claim, before] : before_) {
    const Claimant* now = claims_.holder(claim);
    if (before && now != nullptr && before->name != now->name) {
      names.insert(before->name);
      names.insert(now->name);
    }
  }
  return names;
}

void yieldClaims(PlannedService& plan, const ServiceName& name, const HolderOf& holderOf) {
  const auto lost = [&](const PlannedFamily& family, const nft::Datum& key) {
    const Claimant* holder = holderOf({family.family, key});
    return holder != nullptr && holder->name != name;
  };
  for (PlannedFamily& family : plan.families) {
    for (PlannedPort& port : family.ports) {
      for (const IpAddress& address : family.externalIps) {
        if (lost(family, addressKey(address, port.protocol, port.port))) {
          port.yielded.push_back(address);
        }
      }
      if (port.nodePort != 0 && lost(family, nodePortKey(port.protocol, port.nodePort))) {
        port.nodePort = 0;
      }
    }
  }
}

}  // namespace hitless::rules
