#include "app/agent/pod_claims.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "core/kube/json.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

Result<std::vector<PodRequest>> read(const std::string& path) {
  const std::string text = TRY(sys::readFile(path));
  const json::value parsed = TRY(kube::parseJson(text));
  if (!parsed.is_array()) {
    return invalid("it holds no list");
  }
  std::vector<PodRequest> requests;
  for (const json::value& item : parsed.get_array()) {
    requests.push_back(TRY(podRequestOf(json::serialize(item))));
  }
  return requests;
}

}  // namespace

PodClaims::PodClaims(const std::string& socket)
    : path_(std::filesystem::path(socket).replace_extension(".claims.json")) {}

void PodClaims::load() {
  const auto kept = read(path_);
  if (!kept) {
    if (kept.error().kind != ErrorKind::kNotFound) {
      spdlog::warn(
          "{}: pods that have just begun are known when their objects say their addresses: {}",
          path_, kept.error().text());
    }
    return;
  }
  for (const PodRequest& request : *kept) {
    claims_.emplace(request.claim.podKey(), request);
  }
}

void PodClaims::put(const PodRequest& request) {
  for (auto it = claims_.begin(); it != claims_.end();) {
    std::erase_if(it->second.claim.addresses, [&](const IpAddress& address) {
      const auto& taken = request.claim.addresses;
      return std::find(taken.begin(), taken.end(), address) != taken.end();
    });
    it = it->second.claim.addresses.empty() ? claims_.erase(it) : std::next(it);
  }
  claims_.insert_or_assign(request.claim.podKey(), request);
  save();
}

bool PodClaims::drop(const PodRequest& request) {
  const auto it = claims_.find(request.claim.podKey());
  if (it == claims_.end()) {
    return true;
  }
  if (it->second.sandbox != request.sandbox) {
    return false;
  }
  claims_.erase(it);
  save();
  return true;
}

std::vector<PodRequest> PodClaims::collect(const std::string& network,
                                           const std::set<std::string>& valid) {
  std::vector<PodRequest> gone;
  std::erase_if(claims_, [&](const auto& entry) {
    const PodRequest& request = entry.second;
    const bool stale = request.network == network && !valid.contains(request.sandbox);
    if (stale) {
      gone.push_back(request);
    }
    return stale;
  });
  if (!gone.empty()) {
    save();
  }
  return gone;
}

void PodClaims::save() {
  json::array list;
  for (const auto& [pod, request] : claims_) {
    list.push_back(toJson(request));
  }
  if (const Status written = sys::writeFile(path_, json::serialize(list), 0600); !written) {
    spdlog::warn("claims of pods are lost when the agent ends: {}", written.error().text());
  }
}

}  // namespace hitless::app
