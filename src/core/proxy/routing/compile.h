#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/proxy/routing/objects.h"
#include "core/proxy/routing/references.h"
#include "core/proxy/routing/status.h"

namespace hitless::proxy::routing {

struct CompileOptions {
  /// Whose GatewayClasses and IngressClasses are served.
  std::string controller = "hitless.io/gateway";
  std::string clusterDomain = "cluster.local";
  /// Where Ingresses are served; 0: nowhere.
  std::uint16_t ingressHttpPort = 80;
  std::uint16_t ingressHttpsPort = 443;
  bool operator==(const CompileOptions&) const = default;
};

struct Compiled {
  std::vector<Listener> listeners;  ///< Sorted by port.
  ClusterSources clusters;          ///< What the listeners' rules name.
  StatusMap statuses;               ///< Of all objects that this controller serves.
  std::set<ObjectName> services;    ///< That rules name, whether they exist or not.
  std::set<std::string> warnings;   ///< About Ingresses, which have no conditions.
};

/// What the objects mean. Everything in the specification of Gateway API that says MUST is meant
/// for this function; where it leaves a choice, docs/gateway.md says which was made.
Compiled compile(const Objects& objects, const CompileOptions& options);

}  // namespace hitless::proxy::routing
