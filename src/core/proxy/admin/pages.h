#pragma once

#include <string>

#include "core/kube/json.h"
#include "core/proxy/admin/view.h"

/// What the admin endpoint's pages say.
namespace hitless::proxy {

/// Envoy's /clusters: "CLUSTER::ADDRESS::cx_active::3".
std::string renderClusters(const std::vector<ClusterView>& clusters);
kube::json::object clustersToJson(const std::vector<ClusterView>& clusters);

/// Envoy's /listeners: "NAME::ADDRESS".
std::string renderListeners(const std::vector<ListenerView>& listeners);
kube::json::object listenersToJson(const std::vector<ListenerView>& listeners);

kube::json::object serverInfoToJson(const ServerInfo& info, const ProxyView& view);

std::string renderDrain(const DrainStatus& drain);
kube::json::object drainToJson(const DrainStatus& drain);

/// Everything but private keys.
kube::json::object routesToJson(const RouteTable& routes);

}  // namespace hitless::proxy
