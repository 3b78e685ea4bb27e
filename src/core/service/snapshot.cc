#include "core/service/snapshot.h"

#include <algorithm>

namespace hitless::service {

Snapshot::Snapshot() {
  const auto empty = std::make_shared<const Shard>();
  auto shards = std::make_shared<Shards>();
  shards->fill(empty);
  shards_ = std::move(shards);
}

std::size_t Snapshot::shardOf(const ServiceName& name) {
  const std::size_t hash = std::hash<std::string>{}(name.name);
  return (hash * 31 + std::hash<std::string>{}(name.ns)) % kShards;
}

const ServiceState* Snapshot::find(const ServiceName& name) const {
  const Shard& shard = *(*shards_)[shardOf(name)];
  const auto it = shard.find(name);
  return it == shard.end() ? nullptr : it->second.get();
}

void Snapshot::forEach(
    const std::function<void(const ServiceName&, const ServiceState&)>& visit) const {
  for (const auto& shard : *shards_) {
    for (const auto& [name, state] : *shard) {
      visit(name, *state);
    }
  }
}

std::size_t Snapshot::size() const {
  std::size_t count = 0;
  for (const auto& shard : *shards_) {
    count += shard->size();
  }
  return count;
}

void Changes::merge(Changes other) {
  all = all || other.all;
  services.merge(other.services);
}

/// Edits a snapshot: copies the shards and states that it changes, once, and shares the others.
class Snapshot::Editor {
 public:
  explicit Editor(Snapshot& snapshot) : snapshot_(snapshot) {}

  ~Editor() { finish(); }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  ServiceState& edit(const ServiceName& name) {
    auto& edited = states_[name];
    if (!edited) {
      const ServiceState* known = snapshot_.find(name);
      edited = known != nullptr ? std::make_shared<ServiceState>(*known)
                                : std::make_shared<ServiceState>();
    }
    return *edited;
  }

  Changes changes() const {
    Changes changed;
    for (const auto& [name, state] : states_) {
      changed.services.insert(name);
    }
    return changed;
  }

  /// Puts the changes into the snapshot; so does the end of the editor's life.
  void finish() {
    if (states_.empty()) {
      return;
    }
    auto shards = std::make_shared<Snapshot::Shards>(*snapshot_.shards_);
    std::map<std::size_t, std::shared_ptr<Snapshot::Shard>> copies;
    for (auto& [name, state] : states_) {
      const std::size_t index = Snapshot::shardOf(name);
      auto& copy = copies[index];
      if (!copy) {
        copy = std::make_shared<Snapshot::Shard>(*(*shards)[index]);
      }
      if (state->empty()) {
        copy->erase(name);
      } else {
        copy->insert_or_assign(name, std::move(state));
      }
    }
    for (auto& [index, copy] : copies) {
      (*shards)[index] = std::move(copy);
    }
    snapshot_.shards_ = std::move(shards);
    states_.clear();
  }

 private:
  Snapshot& snapshot_;
  std::map<ServiceName, std::shared_ptr<ServiceState>> states_;
};

Snapshot Snapshot::with(const std::map<ServiceName, ServiceState>& states) const {
  Snapshot changed = *this;
  Editor editor(changed);
  for (const auto& [name, state] : states) {
    editor.edit(name) = state;
  }
  editor.finish();
  return changed;
}

void SnapshotBuilder::setService(Editor& editor, const watch::Change& change) {
  const kube::Service service = kube::serviceOf(*change.object);
  ServiceState& state = editor.edit({service.meta.ns, service.meta.name});
  const bool gone = change.type == watch::ChangeType::kDelete;
  state.service = gone ? nullptr : std::make_shared<const Service>(serviceFrom(service));
}

void SnapshotBuilder::setSlice(Editor& editor, const watch::Change& change) {
  const kube::EndpointSlice slice = kube::endpointSliceOf(*change.object);
  const std::string key = slice.meta.key();
  const std::string& ns = slice.meta.ns;
  const std::string& sliceName = slice.meta.name;
  const std::string owner(slice.serviceName());
  const auto known = serviceOfSlice_.find(key);
  const bool gone = change.type == watch::ChangeType::kDelete || owner.empty();
  if (known != serviceOfSlice_.end() && (gone || known->second != owner)) {
    editor.edit({ns, known->second}).slices.erase(sliceName);
    serviceOfSlice_.erase(known);
  }
  if (!gone) {
    editor.edit({ns, owner}).slices[sliceName] =
        std::make_shared<const Slice>(sliceFrom(slice, nodeNames_));
    serviceOfSlice_[key] = owner;
  }
}

Changes SnapshotBuilder::applyServices(const watch::Update& update) {
  Editor editor(current_);
  const bool full = update.kind == watch::Update::Kind::kFull;
  if (full) {
    servicesSeen_ = true;
    current_.forEach([&](const ServiceName& name, const ServiceState& state) {
      if (state.service) {
        editor.edit(name).service = nullptr;
      }
    });
  }
  for (const watch::Change& change : update.changes) {
    setService(editor, change);
  }
  Changes changes = editor.changes();
  changes.all = full;
  return changes;
}

Changes SnapshotBuilder::applyEndpointSlices(const watch::Update& update) {
  Editor editor(current_);
  const bool full = update.kind == watch::Update::Kind::kFull;
  if (full) {
    slicesSeen_ = true;
    serviceOfSlice_.clear();
    current_.forEach([&](const ServiceName& name, const ServiceState& state) {
      if (!state.slices.empty()) {
        editor.edit(name).slices.clear();
      }
    });
  }
  for (const watch::Change& change : update.changes) {
    setSlice(editor, change);
    current_.revision_ = std::max(current_.revision_,
                                  change.object ? kube::metaOf(*change.object).resourceVersion : 0);
  }
  current_.revision_ = full ? update.revision : std::max(current_.revision_, update.revision);
  Changes changes = editor.changes();
  changes.all = full;
  return changes;
}

}  // namespace hitless::service
