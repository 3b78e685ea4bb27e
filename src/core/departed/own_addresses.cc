#include "core/departed/own_addresses.h"

#include <utility>

#include "core/kube/objects.h"
#include "core/service/model.h"

namespace hitless::departed {
namespace {

std::vector<IpAddress> parsed(const std::vector<std::string>& texts) {
  std::vector<IpAddress> list;
  for (const std::string& text : texts) {
    if (const auto ip = IpAddress::parse(text)) {
      list.push_back(*ip);
    }
  }
  return list;
}

OwnAddresses::Pod podFrom(const kube::Pod& pod) {
  return {service::podId(pod.meta.uid),
          pod.meta.key(),
          pod.hostNetwork ? std::vector<IpAddress>{} : parsed(pod.podIPs),
          service::givesSecondChance(pod.meta),
          pod.meta.terminating(),
          pod.finished()};
}

}  // namespace

OwnAddresses::News OwnAddresses::apply(const watch::Update& update) {
  News news;
  std::map<std::string, Pod> before;
  if (update.kind == watch::Update::Kind::kFull) {
    before.swap(pods_);
  }
  for (const watch::Change& change : update.changes) {
    const kube::Pod pod = kube::podOf(*change.object);
    const auto known = pods_.find(pod.meta.uid);
    if (known != pods_.end()) {
      before.insert_or_assign(pod.meta.uid, std::move(known->second));
      pods_.erase(known);
    }
    if (change.type == watch::ChangeType::kUpsert) {
      const Pod& now = pods_.insert_or_assign(pod.meta.uid, podFrom(pod)).first->second;
      const auto was = before.find(pod.meta.uid);
      if (now.going && !now.over && (was == before.end() || !was->second.going)) {
        news.going.push_back(now);
      }
    }
  }
  news.moved = index();
  for (auto& [uid, pod] : before) {
    const auto now = pods_.find(uid);
    if (!pod.over && (now == pods_.end() || now->second.over)) {
      news.gone.push_back(std::move(pod));
    }
  }
  return news;
}

/// True if anything differs.
bool OwnAddresses::index() {
  std::map<IpAddress, std::uint32_t> ids;
  all_.clear();
  declining_.clear();
  for (const auto& [uid, pod] : pods_) {
    if (pod.over) {
      continue;
    }
    for (const IpAddress& ip : pod.ips) {
      ids[ip] = pod.id;
      all_.insert(ip);
      if (!pod.secondChance) {
        declining_.insert(ip);
      }
    }
  }
  return std::exchange(ids_, std::move(ids)) != ids_;
}

std::uint32_t OwnAddresses::at(const IpAddress& ip) const {
  const auto it = ids_.find(ip);
  return it == ids_.end() ? 0 : it->second;
}

void NodeAddresses::apply(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    nodes_.clear();
  }
  for (const watch::Change& change : update.changes) {
    const kube::Node node = kube::nodeOf(*change.object);
    if (change.type == watch::ChangeType::kDelete) {
      nodes_.erase(node.meta.name);
    } else {
      nodes_[node.meta.name] = parsed(node.internalIPs);
    }
  }
  all_.clear();
  for (const auto& [name, ips] : nodes_) {
    all_.insert(ips.begin(), ips.end());
  }
}

}  // namespace hitless::departed
