#include "core/drain/peers.h"

#include <algorithm>

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
      erase(name);
    } else if (name != self_) {
      present.insert(name);
      upsert(*change.object);
    }
  }
  if (nodes.kind == watch::Update::Kind::kFull) {
    std::vector<std::string> gone;
    for (const auto& [name, peer] : peers_) {
      if (!present.contains(name)) {
        gone.push_back(name);
      }
    }
    for (const std::string& name : gone) {
      erase(name);
    }
  }
}

void Peers::upsert(const kube::json::object& object) {
  const kube::Node node = kube::nodeOf(object);
  Entry& entry = *peers_.try_emplace(node.meta.name).first;
  unlink(entry);
  entry.second.ready = node.ready();
  entry.second.address = node.internalIPs.empty() ? std::string() : node.internalIPs.front();
  link(entry);
}

void Peers::erase(const std::string& name) {
  if (const auto peer = peers_.find(name); peer != peers_.end()) {
    unlink(*peer);
    peers_.erase(peer);
  }
}

void Peers::link(const Entry& entry) {
  const auto& [name, peer] = entry;
  if (peer.ready) {
    ready_.emplace(peer.watermark, name);
  }
  if (peer.ready && !peer.asked) {
    free_.emplace(peer.watermark, name);
  }
}

void Peers::unlink(const Entry& entry) {
  const Place place(entry.second.watermark, entry.first);
  ready_.erase(place);
  free_.erase(place);
}

bool Peers::acknowledged(std::uint64_t revision) const {
  return own_ >= revision && (ready_.empty() || ready_.begin()->first >= revision);
}

std::vector<std::string> Peers::behind(std::uint64_t revision) const {
  std::vector<std::string> names;
  for (auto place = ready_.begin(); place != ready_.end() && place->first < revision; ++place) {
    names.emplace_back(place->second);
  }
  std::sort(names.begin(), names.end());
  if (own_ < revision) {
    names.insert(names.begin(), self_);
  }
  return names;
}

std::vector<Ask> Peers::ask(std::uint64_t revision, MonoTime now) {
  std::vector<Ask> asks;
  for (auto place = free_.begin(); place != free_.end() && place->first < revision;) {
    const auto peer = peers_.find(std::string(place->second));
    if (peer->second.address.empty() || peer->second.retryAt > now) {
      ++place;
      continue;
    }
    peer->second.asked = true;
    place = free_.erase(place);
    asks.push_back({peer->first, peer->second.address, revision});
  }
  return asks;
}

std::optional<MonoTime> Peers::nextRetry(std::uint64_t revision) const {
  std::optional<MonoTime> next;
  for (auto place = free_.begin(); place != free_.end() && place->first < revision; ++place) {
    const Peer& peer = peers_.find(std::string(place->second))->second;
    if (!peer.address.empty() && (!next || peer.retryAt < *next)) {
      next = peer.retryAt;
    }
  }
  return next;
}

void Peers::answered(const std::string& node, std::uint64_t watermark, MonoTime now) {
  end(node, watermark, now + kRetryBehind);
}

void Peers::failed(const std::string& node, MonoTime now) {
  end(node, 0, now + kRetryFailed);
}

void Peers::end(const std::string& name, std::uint64_t watermark, MonoTime retryAt) {
  if (const auto peer = peers_.find(name); peer != peers_.end()) {
    unlink(*peer);
    peer->second.asked = false;
    peer->second.retryAt = retryAt;
    peer->second.watermark = std::max(peer->second.watermark, watermark);
    link(*peer);
  }
}

}  // namespace hitless::drain
