#include "core/policy/claims.h"

#include <utility>

namespace hitless::policy {

std::set<IpAddress> Claims::add(Claim claim) {
  const std::string pod = claim.pod();
  std::set<IpAddress> touched = remove(pod, {});
  for (const IpAddress& address : claim.addresses) {
    if (const auto by = by_.find(address); by != by_.end()) {
      std::erase(claims_.at(by->second).addresses, address);
    }
    by_[address] = pod;
    touched.insert(address);
  }
  claims_.insert_or_assign(pod, std::move(claim));
  return touched;
}

std::set<IpAddress> Claims::remove(const std::string& pod, const std::string& uid) {
  const auto found = claims_.find(pod);
  if (found == claims_.end() ||
      (!uid.empty() && !found->second.uid.empty() && found->second.uid != uid)) {
    return {};
  }
  const std::set<IpAddress> freed(found->second.addresses.begin(), found->second.addresses.end());
  for (const IpAddress& address : freed) {
    by_.erase(address);
  }
  claims_.erase(found);
  return freed;
}

const Claim* Claims::of(const std::string& pod) const {
  const auto found = claims_.find(pod);
  return found == claims_.end() ? nullptr : &found->second;
}

const Claim* Claims::on(const IpAddress& address) const {
  const auto by = by_.find(address);
  return by == by_.end() ? nullptr : of(by->second);
}

void Claims::addAddressesTo(std::set<IpAddress>& out) const {
  for (const auto& [address, pod] : by_) {
    out.insert(address);
  }
}

}  // namespace hitless::policy
