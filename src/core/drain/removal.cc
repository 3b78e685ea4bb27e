#include "core/drain/removal.h"

#include <algorithm>

namespace hitless::drain {
namespace {

constexpr std::string_view kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr std::string_view kController = "endpointslice-controller.k8s.io";
/// Longer than a watch that has gone silent takes to be noticed and begun anew.
constexpr nanoseconds kRememberUnknown = seconds(600);

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
      upsert(slice, slices.kind);
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

void RemovalIndex::upsert(const kube::EndpointSlice& slice, watch::Update::Kind kind) {
  // What is terminating stays so; but what is not ready in a list may have been so again meanwhile.
  const bool gapless = kind == watch::Update::Kind::kIncremental || managedByController(slice);
  Marks marks = marksOf(slice);
  const auto known = slices_.find(slice.meta.key());
  if (known != slices_.end()) {
    Marks dropped;
    for (const auto& [uid, before] : known->second) {
      const auto now = marks.find(uid);
      if (now == marks.end()) {
        dropped.emplace(uid, before);
      } else if (now->second.left && before.left && gapless) {
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
    Departure& departed = departed_[uid];
    departed.revision = std::max(departed.revision, mark.left ? mark.revision : revision);
  }
}

Standing RemovalIndex::standing(const std::string& podUid) const {
  Standing result;
  if (const auto departed = departed_.find(podUid); departed != departed_.end()) {
    result.listed = true;
    result.revision = departed->second.revision;
  }
  for (const auto& [key, marks] : slices_) {
    const auto mark = marks.find(podUid);
    if (mark == marks.end()) {
      continue;
    }
    result.listed = result.held = true;
    if (mark->second.left) {
      result.revision = std::max(result.revision, mark->second.revision);
    } else {
      result.pending = key;
    }
  }
  return result;
}

void RemovalIndex::retain(const std::set<std::string>& podUids, MonoTime now) {
  for (auto entry = departed_.begin(); entry != departed_.end();) {
    std::optional<MonoTime>& since = entry->second.unknownSince;
    since = podUids.contains(entry->first) ? std::nullopt : std::optional(since.value_or(now));
    entry = since && now - *since > kRememberUnknown ? departed_.erase(entry) : std::next(entry);
  }
}

}  // namespace hitless::drain
