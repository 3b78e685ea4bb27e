#include "core/policy/book.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hitless::policy {
namespace {

/// Every namespace has it, and nothing can change it (KEP-2161).
constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";

using watch::ChangeType;

bool isFull(const watch::Update& update) {
  return update.kind == watch::Update::Kind::kFull;
}

template <class Map>
std::set<std::string> keysOf(const Map& map) {
  std::set<std::string> keys;
  for (const auto& [key, value] : map) {
    keys.insert(key);
  }
  return keys;
}

/// Calls drop(key) for everything in the map that a full update lacks.
template <class Map, class KeyOf, class Drop>
void dropMissing(const watch::Update& update, const Map& map, KeyOf keyOf, Drop drop) {
  if (!isFull(update)) {
    return;
  }
  std::set<std::string> known = keysOf(map);
  for (const watch::Change& change : update.changes) {
    known.erase(keyOf(*change.object));
  }
  for (const std::string& key : known) {
    drop(key);
  }
}

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
  dropMissing(update, namespaces_, nameOf, [&](const std::string& name) {
    namespaces_.erase(name);
    changedNamespaces_.insert(name);
  });
  for (const watch::Change& change : update.changes) {
    const std::string name = nameOf(*change.object);
    if (change.type == ChangeType::kDelete) {
      namespaces_.erase(name);
      changedNamespaces_.insert(name);
      continue;
    }
    kube::Labels labels = kube::metaOf(*change.object).labels;
    labels[std::string(kNameLabel)] = name;
    kube::Labels& known = namespaces_[name];
    if (known != labels) {
      known = std::move(labels);
      changedNamespaces_.insert(name);
    }
  }
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
    leaveSlot(entry);
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
  leaveSlot(found->second);
  pods_.erase(found);
  unclassed_.erase(uid);
}

void Book::leaveSlot(Entry& entry) {
  constexpr long kOursAndTheEntrys = 2;
  if (entry.slot != nullptr && entry.slot.use_count() == kOursAndTheEntrys) {
    slots_.erase({entry.slot->ns, entry.slot->labels});
  }
  entry.slot.reset();
}

void Book::claim(Claim claim) {
  const std::string pod = claim.pod();
  release(pod, {});
  for (const IpAddress& address : claim.addresses) {
    if (const auto by = claimedBy_.find(address); by != claimedBy_.end()) {
      std::erase(claims_.at(by->second).addresses, address);
    }
    claimedBy_[address] = pod;
    news_.addresses.insert(address);
  }
  claims_.insert_or_assign(pod, std::move(claim));
}

void Book::release(const std::string& pod, const std::string& uid) {
  const auto found = claims_.find(pod);
  if (found == claims_.end() ||
      (!uid.empty() && !found->second.uid.empty() && found->second.uid != uid)) {
    return;
  }
  for (const IpAddress& address : found->second.addresses) {
    const auto by = claimedBy_.find(address);
    if (by != claimedBy_.end() && by->second == pod) {
      claimedBy_.erase(by);
      news_.addresses.insert(address);
    }
  }
  claims_.erase(found);
}

const Claim* Book::claimOf(const std::string& pod) const {
  const auto found = claims_.find(pod);
  return found == claims_.end() ? nullptr : &found->second;
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

const kube::Labels& Book::labelsOf(const std::string& ns) {
  const auto [found, added] = namespaces_.try_emplace(ns);
  if (added) {  // Pods may be told of before their namespace is.
    found->second[std::string(kNameLabel)] = ns;
  }
  return found->second;
}

std::shared_ptr<const PodClass> Book::classOf(const Slot& slot) {
  return std::make_shared<const PodClass>(
      policies_.classOf(slot.ns, labelsOf(slot.ns), slot.labels));
}

std::shared_ptr<Book::Slot> Book::slotOf(const Pod& pod) {
  std::shared_ptr<Slot>& slot = slots_[{pod.ns, project(pod.labels, policies_.labelKeys())}];
  if (slot == nullptr) {
    slot = std::make_shared<Slot>(
        Slot{pod.ns, project(pod.labels, policies_.labelKeys()), nullptr, false});
    slot->cls = classOf(*slot);
  }
  return slot;
}

void Book::refreshPolicies() {
  const LabelKeys keys = policies_.labelKeys();
  const auto names = policies_.portNames();
  policies_.refresh();
  if (keys != policies_.labelKeys()) {
    slots_.clear();
    for (auto& [key, entry] : pods_) {
      touch(entry);
      entry.slot.reset();
      unclassed_.insert(key);
    }
  } else {
    refreshSlots(nullptr);
  }
  if (names != policies_.portNames()) {
    for (const auto& [key, entry] : pods_) {
      if (!entry.pod.ports.empty()) {
        touch(entry);
      }
    }
  }
}

/// Of these namespaces; nullptr: of all.
void Book::refreshSlots(const std::set<std::string>* namespaces) {
  bool any = false;
  for (auto it = slots_.begin(); it != slots_.end();) {
    Slot& slot = *it->second;
    if (it->second.use_count() == 1) {
      it = slots_.erase(it);
      continue;
    }
    ++it;
    if (namespaces != nullptr && !namespaces->contains(slot.ns)) {
      continue;
    }
    auto next = classOf(slot);
    slot.changed = *next != *slot.cls;
    any = any || slot.changed;
    slot.cls = slot.changed ? std::move(next) : slot.cls;
  }
  if (!any) {
    return;
  }
  for (const auto& [key, entry] : pods_) {
    if (entry.slot != nullptr && entry.slot->changed) {
      touch(entry);
    }
  }
  for (auto& [key, slot] : slots_) {
    slot->changed = false;
  }
}

Book::News Book::take() {
  if (!news_.policies.empty()) {
    refreshPolicies();
  }
  if (!changedNamespaces_.empty()) {
    refreshSlots(&changedNamespaces_);
    changedNamespaces_.clear();
  }
  for (const std::string& key : unclassed_) {
    Entry& entry = pods_.at(key);
    entry.slot = slotOf(entry.pod);
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

const Claim* Book::claimOn(const IpAddress& address) const {
  const auto by = claimedBy_.find(address);
  return by == claimedBy_.end() ? nullptr : claimOf(by->second);
}

/// One that goes may still be listed with an address that a new pod has already.
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
  const Claim* claim = claimOn(address);
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
  for (const auto& [address, pod] : claimedBy_) {
    out.insert(address);
  }
  return out;
}

std::vector<Cidr> Book::ownNetworks() const {
  const auto own = networksOf_.find(node_);
  return own == networksOf_.end() ? std::vector<Cidr>{} : own->second;
}

State Book::state() const {
  State out;
  for (const auto& [key, policy] : policies_.all()) {
    out.policies.push_back(policy);
  }
  out.namespaces = namespaces_;
  for (const auto& [name, node] : nodes_) {
    out.nodes.push_back(node);
  }
  for (const auto& [key, entry] : pods_) {
    Pod pod = entry.pod;
    std::erase_if(pod.ips, [&](const IpAddress& address) {
      const Claim* claim = claimOn(address);
      const Entry* claimer = claim == nullptr ? nullptr : entryOf(*claim);
      return claim != nullptr && claimer != &entry &&
             (claimer == nullptr || claimer->pod.selectable());
    });
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
