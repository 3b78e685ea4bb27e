#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "core/proxy/routing/clusters.h"
#include "core/proxy/routing/compile.h"
#include "core/service/snapshot.h"
#include "core/watch/update.h"

namespace hitless::proxy::routing {

/// The kinds that routes are made from.
struct RouteKindSource {
  const kube::Resource* resource;
  bool optional;  ///< A cluster may lack it (custom resources).
};
std::span<const RouteKindSource> routeKinds();

/// Keeps the objects that routes are made from, and the table that they mean. Changes of endpoints
/// replace clusters only; what is equal to before is shared with the table before.
class RouteBook {
 public:
  explicit RouteBook(CompileOptions options = {});

  /// News of one of routeKinds(); others are ignored.
  void apply(const kube::Resource& resource, const watch::Update& update);

  /// What changed by update().
  struct News {
    bool table = false;
    bool statuses = false;  ///< Or the objects that they are about.
  };
  /// Takes everything that apply() brought into the table.
  News update();

  /// As of the last update(); never nullptr.
  const std::shared_ptr<const RouteTable>& table() const { return table_; }
  const StatusMap& statuses() const { return statuses_; }
  const std::set<std::string>& warnings() const { return warnings_; }
  /// The object that a status is about, as it came last; nullptr if it is gone.
  kube::ObjectPtr live(const kube::Resource& resource, const ObjectName& name) const;

 private:
  void compileRoutes(RouteTable& next);
  void remakeClusters(RouteTable& next);
  std::shared_ptr<const Cluster> cluster(const std::string& name) const;
  void keepLive(const kube::Resource& resource, const watch::Update& update);
  std::set<ObjectName> named(const watch::Update& services) const;
  void applyServices(const watch::Update& update);

  CompileOptions options_;
  Objects objects_;
  service::SnapshotBuilder snapshot_;
  PodNames pods_;
  std::map<std::pair<const kube::Resource*, ObjectName>, kube::ObjectPtr> live_;

  bool routesChanged_ = true;
  bool liveChanged_ = false;
  service::Changes changed_;

  ClusterSources sources_;
  std::multimap<ObjectName, std::string> clustersOf_;  ///< By Service.
  std::set<ObjectName> services_;                      ///< That rules name.
  StatusMap statuses_;
  std::set<std::string> warnings_;
  std::shared_ptr<const RouteTable> table_;
};

}  // namespace hitless::proxy::routing
