#include "core/policy/book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/watch/missing.h"

namespace hitless::policy {
namespace {

using watch::ChangeType;
using watch::dropMissing;

std::string nameOf(const kube::json::object& object) {
  return std::string(kube::text(object, {"metadata", "name"}));
}

}  // namespace

bool Holder::operator==(const Holder& other) const {
  const bool sameClass =
      cls == other.cls || (cls != nullptr && other.cls != nullptr && *cls == *other.cls);
  return sameClass && std::tie(pod, uid, local, claimed, ports) ==
                          std::tie(other.pod, other.uid, other.local, other.claimed, other.ports);
}

void Book::applyPolicies(const watch::Update& update) {
  const auto key = [](const kube::json::object& object) { return policyOf(object).text(); };
  const auto set = [&](const PolicyKey& name, std::optional<Policy> policy) {
    if (policies_.set(name, std::move(policy))) {
      news_.policies.insert(name);
    }
  };
  dropMissing(update, policies_.all(), key,
              [&](const PolicyKey& name) { set(name, std::nullopt); });
  for (const watch::Change& change : update.changes) {
    Policy policy = policyOf(*change.object);
    const PolicyKey name = policy.text();
    set(name, change.type == ChangeType::kDelete ? std::nullopt : std::optional(std::move(policy)));
  }
  policiesSeen_ = true;
}

void Book::applyNamespaces(const watch::Update& update) {
  classes_.applyNamespaces(update);
  namespacesSeen_ = true;
}

void Book::applyPods(const watch::Update& update) {
  dropMissing(
      update, pods_,
      [](const kube::json::object& object) {
        return std::string(kube::text(object, {"metadata", "uid"}));
      },
      [&](const std::string& key) { removePod(key); });
  for (const watch::Change& change : update.changes) {
    Pod pod = podFrom(kube::podOf(*change.object));
    if (change.type == ChangeType::kDelete) {
      removePod(pod.uid);
    } else {
      setPod(std::move(pod));
    }
  }
  podsSeen_ = true;
}

void Book::applyNodes(const watch::Update& update) {
  const std::vector<Cidr> own = ownNetworks();
  const auto drop = [&](const std::string& name) {
    nodes_.erase(name);
    networksOf_.erase(name);
  };
  dropMissing(update, nodes_, nameOf, drop);
  for (const watch::Change& change : update.changes) {
    const kube::Node node = kube::nodeOf(*change.object);
    if (change.type == ChangeType::kDelete) {
      drop(node.meta.name);
      continue;
    }
    Node& known = nodes_[node.meta.name];
    known = {node.meta.name, {}};
    for (const std::string& text : node.internalIPs) {
      if (const auto address = IpAddress::parse(text)) {
        known.addresses.push_back(*address);
      }
    }
    std::vector<Cidr>& networks = networksOf_[node.meta.name];
    networks.clear();
    for (const std::string& text : node.podCIDRs) {
      if (const auto network = Cidr::parse(text)) {
        networks.push_back(network->masked());
      }
    }
  }
  std::vector<Cidr> all;
  for (const auto& [name, networks] : networksOf_) {
    all.insert(all.end(), networks.begin(), networks.end());
  }
  std::sort(all.begin(), all.end());
  news_.networks = news_.networks || all != podNetworks_ || own != ownNetworks();
  podNetworks_ = std::move(all);
  nodesSeen_ = true;
}

void Book::touch(const Entry& entry) {
  news_.addresses.insert(entry.pod.ips.begin(), entry.pod.ips.end());
  if (const Claim* own = claimBy(entry)) {
    news_.addresses.insert(own->addresses.begin(), own->addresses.end());
  }
}

void Book::forget(const Entry& entry) {
  touch(entry);
  for (const IpAddress& address : entry.pod.ips) {
    const auto at = podsAt_.find(address);
    if (at != podsAt_.end() && at->second.erase(entry.pod.uid) != 0 && at->second.empty()) {
      podsAt_.erase(at);
    }
  }
}

void Book::setPod(Pod pod) {
  const std::string uid = pod.uid;
  Entry& entry = pods_[uid];
  if (entry.slot != nullptr && entry.pod == pod) {
    return;
  }
  forget(entry);
  const bool sameLabels = entry.pod.labels == pod.labels && entry.pod.ns == pod.ns;
  entry.pod = std::move(pod);
  uidOf_[entry.pod.text()] = uid;
  for (const IpAddress& address : entry.pod.ips) {
    podsAt_[address].insert(uid);
  }
  touch(entry);
  if (!sameLabels || entry.slot == nullptr) {
    classes_.leave(entry.slot);
    unclassed_.insert(uid);
  }
}

void Book::removePod(const std::string& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) {
    return;
  }
  forget(found->second);
  const auto named = uidOf_.find(found->second.pod.text());
  if (named != uidOf_.end() && named->second == uid) {
    uidOf_.erase(named);
  }
  classes_.leave(found->second.slot);
  pods_.erase(found);
  unclassed_.erase(uid);
}

const Claim* Book::claimBy(const Entry& entry) const {
  const Claim* claim = claimOf(entry.pod.text());
  return claim != nullptr && entryOf(*claim) == &entry ? claim : nullptr;
}

const Book::Entry* Book::entryOf(const Claim& claim) const {
  std::string uid = claim.uid;
  if (uid.empty()) {
    const auto named = uidOf_.find(claim.pod());
    uid = named == uidOf_.end() ? std::string() : named->second;
  }
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : &found->second;
}

void Book::refreshPolicies() {
  const LabelKeys keys = policies_.labelKeys();
  const auto names = policies_.portNames();
  policies_.refresh();
  if (keys != policies_.labelKeys()) {
    classes_.clear();
    for (auto& [key, entry] : pods_) {
      touch(entry);
      entry.slot.reset();
      unclassed_.insert(key);
    }
  } else if (classes_.refreshAll()) {
    touchChanged();
  }
  if (names != policies_.portNames()) {
    for (const auto& [key, entry] : pods_) {
      if (!entry.pod.ports.empty()) {
        touch(entry);
      }
    }
  }
}

void Book::touchChanged() {
  for (const auto& [key, entry] : pods_) {
    if (entry.slot != nullptr && entry.slot->changed) {
      touch(entry);
    }
  }
  classes_.settle();
}

Book::News Book::take() {
  if (!news_.policies.empty()) {
    refreshPolicies();
  }
  if (classes_.refreshChanged()) {
    touchChanged();
  }
  for (const std::string& key : unclassed_) {
    Entry& entry = pods_.at(key);
    entry.slot = classes_.of(entry.pod);
    touch(entry);
  }
  unclassed_.clear();
  return std::exchange(news_, {});
}

Holder Book::holderOf(const Entry& entry, bool claimed) const {
  Holder out{entry.pod.text(),
             entry.pod.uid,
             claimed || entry.pod.node == node_,
             claimed,
             entry.slot == nullptr ? nullptr : entry.slot->cls,
             {}};
  for (const NamedPort& port : entry.pod.ports) {
    if (policies_.portNames().contains(port.name)) {
      out.ports.push_back(port);
    }
  }
  return out;
}

const Book::Entry* Book::bestAt(const IpAddress& address) const {
  const auto at = podsAt_.find(address);
  const Entry* best = nullptr;
  if (at == podsAt_.end()) {
    return best;
  }
  for (const std::string& uid : at->second) {
    const Entry& entry = pods_.at(uid);
    if (entry.pod.selectable() && (best == nullptr || outranks(entry.pod, best->pod))) {
      best = &entry;
    }
  }
  return best;
}

std::optional<Holder> Book::holder(const IpAddress& address) const {
  const Claim* claim = claims_.on(address);
  const Entry* claimer = claim == nullptr ? nullptr : entryOf(*claim);
  if (claimer != nullptr && claimer->pod.selectable()) {
    return holderOf(*claimer, true);
  }
  const Entry* best = claim != nullptr && claimer == nullptr ? nullptr : bestAt(address);
  if (best != nullptr) {
    return holderOf(*best, false);
  }
  // Of a pod that nobody has told of yet, or whose sandbox outlives it: nobody knows what may be.
  return claim == nullptr
             ? std::nullopt
             : std::optional(Holder{claim->pod(), claim->uid, true, true, nullptr, {}});
}

std::set<IpAddress> Book::addresses() const {
  std::set<IpAddress> out;
  for (const auto& [address, keys] : podsAt_) {
    out.insert(address);
  }
  claims_.addAddressesTo(out);
  return out;
}

std::vector<Cidr> Book::ownNetworks() const {
  const auto own = networksOf_.find(node_);
  return own == networksOf_.end() ? std::vector<Cidr>{} : own->second;
}

bool Book::claimedByAnother(const IpAddress& address, const Entry& entry) const {
  const Claim* claim = claims_.on(address);
  const Entry* claimer = claim == nullptr ? nullptr : entryOf(*claim);
  return claim != nullptr && claimer != &entry && (claimer == nullptr || claimer->pod.selectable());
}

State Book::state() const {
  State out;
  for (const auto& [key, policy] : policies_.all()) {
    out.policies.push_back(policy);
  }
  out.namespaces = classes_.namespaces();
  for (const auto& [name, node] : nodes_) {
    out.nodes.push_back(node);
  }
  for (const auto& [key, entry] : pods_) {
    Pod pod = entry.pod;
    std::erase_if(pod.ips, [&](const IpAddress& ip) { return claimedByAnother(ip, entry); });
    if (const Claim* own = claimBy(entry)) {
      for (const IpAddress& address : own->addresses) {
        if (std::find(pod.ips.begin(), pod.ips.end(), address) == pod.ips.end()) {
          pod.ips.push_back(address);
        }
      }
    }
    out.pods.push_back(std::move(pod));
  }
  std::sort(out.pods.begin(), out.pods.end(), [](const Pod& a, const Pod& b) {
    return std::tie(a.uid, a.ns, a.name) < std::tie(b.uid, b.ns, b.name);
  });
  return out;
}

}  // namespace hitless::policy
