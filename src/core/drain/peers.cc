#include "core/drain/peers.h"

#include <algorithm>
#include <set>

#include "core/kube/objects.h"

namespace hitless::drain {
namespace {

constexpr nanoseconds kRetryFailed = milliseconds(200);
/// A peer answers when it has come far enough or its long poll ends; one that answers "not yet" at
/// once must not be asked in a tight loop.
constexpr nanoseconds kRetryBehind = milliseconds(20);

}  // namespace

void Peers::apply(const watch::Update& nodes) {
  std::set<std::string> present;
  for (const watch::Change& change : nodes.changes) {
    const std::string name(kube::text(*change.object, {"metadata", "name"}));
    if (change.type == watch::ChangeType::kDelete) {
      peers_.erase(name);
    } else if (name != self_) {
      present.insert(name);
      upsert(*change.object);
    }
  }
  if (nodes.kind == watch::Update::Kind::kFull) {
    std::erase_if(peers_, [&](const auto& entry) { return !present.contains(entry.first); });
  }
}

void Peers::upsert(const kube::json::object& object) {
  const kube::Node node = kube::nodeOf(object);
  Peer& peer = peers_[node.meta.name];
  peer.ready = node.ready();
  peer.address = node.internalIPs.empty() ? std::string() : node.internalIPs.front();
}

std::vector<std::string> Peers::behind(std::uint64_t revision) const {
  std::vector<std::string> names;
  if (own_ < revision) {
    names.push_back(self_);
  }
  for (const auto& [name, peer] : peers_) {
    if (peer.ready && peer.watermark < revision) {
      names.push_back(name);
    }
  }
  return names;
}

std::size_t Peers::live() const {
  return 1 +
         static_cast<std::size_t>(std::count_if(
             peers_.begin(), peers_.end(), [](const auto& entry) { return entry.second.ready; }));
}

std::vector<Ask> Peers::ask(std::uint64_t revision, MonoTime now) {
  std::vector<Ask> asks;
  for (auto& [name, peer] : peers_) {
    if (peer.ready && peer.watermark < revision && !peer.asked && !peer.address.empty() &&
        peer.retryAt <= now) {
      peer.asked = true;
      asks.push_back({name, peer.address, revision});
    }
  }
  return asks;
}

std::optional<MonoTime> Peers::nextRetry(std::uint64_t revision) const {
  std::optional<MonoTime> next;
  for (const auto& [name, peer] : peers_) {
    if (peer.ready && peer.watermark < revision && !peer.asked && !peer.address.empty() &&
        (!next || peer.retryAt < *next)) {
      next = peer.retryAt;
    }
  }
  return next;
}

void Peers::answered(const std::string& node, std::uint64_t watermark, MonoTime now) {
  if (const auto peer = peers_.find(node); peer != peers_.end()) {
    peer->second.asked = false;
    peer->second.retryAt = now + kRetryBehind;
    peer->second.watermark = std::max(peer->second.watermark, watermark);
  }
}

void Peers::failed(const std::string& node, MonoTime now) {
  if (const auto peer = peers_.find(node); peer != peers_.end()) {
    peer->second.asked = false;
    peer->second.retryAt = now + kRetryFailed;
  }
}

}  // namespace hitless::drain
