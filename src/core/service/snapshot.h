#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "core/service/model.h"
#include "core/watch/update.h"

namespace hitless::service {

struct ServiceName {
  std::string ns;
  std::string name;
  auto operator<=>(const ServiceName&) const = default;
  std::string text() const { return ns + "/" + name; }
};

/// A service with its slices, either of which may be missing (they arrive by different watches).
struct ServiceState {
  std::shared_ptr<const Service> service;  ///< nullptr if there is no Service object.
  std::map<std::string, std::shared_ptr<const Slice>> slices;  ///< By name.

  bool empty() const { return service == nullptr && slices.empty(); }
};

/// All services and endpoints at one moment. Immutable; a copy shares everything.
class Snapshot {
 public:
  Snapshot();
  /// nullptr if neither service nor slices of that name exist.
  const ServiceState* find(const ServiceName& name) const;
  /// In no particular order of shards; sorted within.
  void forEach(const std::function<void(const ServiceName&, const ServiceState&)>& visit) const;
  std::size_t size() const;
  /// The EndpointSlice resourceVersion up to which this snapshot is complete.
  std::uint64_t revision() const { return revision_; }
  /// The same with these states besides.
  Snapshot with(const std::map<ServiceName, ServiceState>& states) const;

 private:
  friend class SnapshotBuilder;
  class Editor;
  using Shard = std::map<ServiceName, std::shared_ptr<const ServiceState>>;
  /// A change copies one shard of so many, so its cost does not grow with the whole.
  static constexpr std::size_t kShards = 1024;
  using Shards = std::array<std::shared_ptr<const Shard>, kShards>;

  static std::size_t shardOf(const ServiceName& name);

  std::shared_ptr<const Shards> shards_;
  std::uint64_t revision_ = 0;
};

/// Which services an update touched; merging keeps the larger truth.
struct Changes {
  bool all = false;  ///< Everything may have changed: treat every service as touched.
  std::set<ServiceName> services;

  bool empty() const { return !all && services.empty(); }
  void merge(Changes other);
};

/// Turns watch updates into snapshots. Both watches must have given a full update before ready().
class SnapshotBuilder {
 public:
  Changes applyServices(const watch::Update& update);
  Changes applyEndpointSlices(const watch::Update& update);

  bool ready() const { return servicesSeen_ && slicesSeen_; }
  const Snapshot& current() const { return current_; }

 private:
  using Editor = Snapshot::Editor;

  void setService(Editor& editor, const watch::Change& change);
  void setSlice(Editor& editor, const watch::Change& change);

  Snapshot current_;
  NodeNames nodeNames_;
  bool servicesSeen_ = false;
  bool slicesSeen_ = false;
  /// Slice "namespace/name" -> its service, because the label may change.
  std::unordered_map<std::string, std::string> serviceOfSlice_;
};

}  // namespace hitless::service
