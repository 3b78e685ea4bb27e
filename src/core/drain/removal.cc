#include "core/drain/removal.h"

#include <algorithm>

namespace hitless::drain {
namespace {

constexpr std::string_view kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr std::string_view kController = "endpointslice-controller.k8s.io";

bool managedByController(const kube::EndpointSlice& slice) {
  const auto label = slice.meta.labels.find(kManagedBy);
  return label != slice.meta.labels.end() && label->second == kController;
}

}  // namespace

void RemovalIndex::apply(const watch::Update& slices) {
  std::set<std::string> present;
  for (const watch::Change& change : slices.changes) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(*change.object);
    if (change.type == watch::ChangeType::kDelete) {
      remove(slice.meta.key(), slices.revision);
    } else {
      present.insert(slice.meta.key());
      upsert(slice);
    }
  }
  if (slices.kind == watch::Update::Kind::kFull) {
    synced_ = true;
    std::vector<std::string> vanished;
    for (const auto& [key, marks] : slices_) {
      if (!present.contains(key)) {
        vanished.push_back(key);
      }
    }
    for (const std::string& key : vanished) {
      remove(key, slices.revision);
    }
  }
}

RemovalIndex::Marks RemovalIndex::marksOf(const kube::EndpointSlice& slice) const {
  const bool managed = managedByController(slice);
  Marks marks;
  for (const kube::Endpoint& endpoint : slice.endpoints) {
    if (endpoint.targetUid.empty() || (!endpoint.nodeName.empty() && endpoint.nodeName != node_)) {
      continue;
    }
    const bool left = endpoint.terminating || (!endpoint.ready && !managed);
    const auto [mark, fresh] =
        marks.try_emplace(endpoint.targetUid, Mark{left, slice.meta.resourceVersion});
    mark->second.left = mark->second.left && left;
  }
  return marks;
}

void RemovalIndex::upsert(const kube::EndpointSlice& slice) {
  Marks marks = marksOf(slice);
  const auto known = slices_.find(slice.meta.key());
  if (known != slices_.end()) {
    Marks dropped;
    for (const auto& [uid, before] : known->second) {
      const auto now = marks.find(uid);
      if (now == marks.end()) {
        dropped.emplace(uid, before);
      } else if (now->second.left && before.left) {
        now->second.revision = before.revision;
      }
    }
    remember(dropped, slice.meta.resourceVersion);
    slices_.erase(known);
  }
  if (!marks.empty()) {
    slices_.emplace(slice.meta.key(), std::move(marks));
  }
}

void RemovalIndex::remove(const std::string& key, std::uint64_t revision) {
  const auto slice = slices_.find(key);
  if (slice != slices_.end()) {
    remember(slice->second, revision);
    slices_.erase(slice);
  }
}

void RemovalIndex::remember(const Marks& dropped, std::uint64_t revision) {
  for (const auto& [uid, mark] : dropped) {
    std::uint64_t& departed = departed_[uid];
    departed = std::max(departed, mark.left ? mark.revision : revision);
  }
}

Standing RemovalIndex::standing(const std::string& podUid) const {
  Standing result;
  if (const auto departed = departed_.find(podUid); departed != departed_.end()) {
    result.listed = true;
    result.revision = departed->second;
  }
  for (const auto& [key, marks] : slices_) {
    const auto mark = marks.find(podUid);
    if (mark == marks.end()) {
      continue;
    }
    result.listed = true;
    if (mark->second.left) {
      result.revision = std::max(result.revision, mark->second.revision);
    } else {
      result.pending = key;
    }
  }
  return result;
}

void RemovalIndex::retain(const std::set<std::string>& podUids) {
  std::erase_if(departed_, [&](const auto& entry) { return !podUids.contains(entry.first); });
}

}  // namespace hitless::drain
