#include "core/dns/clients.h"

#include "core/kube/objects.h"

namespace hitless::dns {
namespace {

namespace json = kube::json;

/// kubelet gives it the cluster's search list and nothing else.
bool hasClusterSearch(const json::object& pod) {
  const std::string_view policy = kube::text(pod, {"spec", "dnsPolicy"});
  const bool host = kube::boolean(pod, {"spec", "hostNetwork"});
  const bool wanted = policy.empty() || policy == "ClusterFirst";
  return wanted && !host && kube::findArray(pod, {"spec", "dnsConfig", "searches"}) == nullptr;
}

/// Its address may be another pod's by now.
bool finished(const json::object& pod) {
  const std::string_view phase = kube::text(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

void Clients::apply(const watch::Update& pods) {
  if (pods.kind == watch::Update::Kind::kFull) {
    byAddress_.clear();
    byUid_.clear();
    byNamespace_.clear();
  }
  for (const watch::Change& change : pods.changes) {
    const std::string uid(kube::text(*change.object, {"metadata", "uid"}));
    forget(uid);
    if (change.type == watch::ChangeType::kUpsert && !finished(*change.object) &&
        hasClusterSearch(*change.object)) {
      remember(uid, *change.object);
    }
  }
}

void Clients::forget(const std::string& uid) {
  const auto known = byUid_.find(uid);
  if (known == byUid_.end()) {
    return;
  }
  for (const IpAddress& address : known->second) {
    const auto it = byAddress_.find(address);
    if (it != byAddress_.end() && it->second.uid == uid) {  // Else a successor has it already.
      byAddress_.erase(it);
    }
  }
  byUid_.erase(known);
}

void Clients::remember(const std::string& uid, const json::object& pod) {
  const Search search = searchFor(std::string(kube::text(pod, {"metadata", "namespace"})));
  const json::array* ips = kube::findArray(pod, {"status", "podIPs"});
  for (const json::value& entry : ips == nullptr ? json::array{} : *ips) {
    const auto address =
        entry.is_object() ? IpAddress::parse(kube::text(entry.get_object(), {"ip"})) : std::nullopt;
    if (address) {
      byAddress_[*address] = {uid, search};
      byUid_[uid].push_back(*address);
    }
  }
}

Clients::Search Clients::searchFor(const std::string& ns) {
  std::weak_ptr<const std::vector<Name>>& known = byNamespace_[ns];
  Search search = known.lock();
  if (!search) {
    const Name svc = zone_.under("svc");
    auto made = std::make_shared<std::vector<Name>>();
    *made = {svc.under(ns), svc, zone_};
    made->insert(made->end(), node_.begin(), node_.end());
    search = std::move(made);
    known = search;
  }
  return search;
}

const std::vector<Name>* Clients::searchOf(const IpAddress& client) const {
  const auto it = byAddress_.find(client);
  return it == byAddress_.end() ? nullptr : it->second.search.get();
}

}  // namespace hitless::dns
