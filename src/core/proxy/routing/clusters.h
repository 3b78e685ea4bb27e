#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/proxy/routing/references.h"
#include "core/service/snapshot.h"

namespace hitless::proxy::routing {

/// The pods behind the addresses of EndpointSlices, "namespace/name", which the snapshot of
/// Services does not keep.
class PodNames {
 public:
  void apply(const watch::Update& slices);
  /// Empty if the address is no pod's.
  const std::string& find(const ObjectName& slice, const IpAddress& ip) const;

 private:
  std::map<ObjectName, std::map<IpAddress, std::string>> bySlice_;
};

/// Of a Service's endpoints at one port: those that are ready, those that terminate but serve as
/// not ready, and no others. Of a dual-stack Service those of IPv4. `state`: nullptr if there is
/// nothing.
Cluster clusterOf(const std::string& name, const ClusterSource& source,
                  const service::ServiceState* state, const PodNames& pods);

}  // namespace hitless::proxy::routing
