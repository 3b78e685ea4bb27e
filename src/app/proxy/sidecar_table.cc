#include "app/proxy/sidecar_table.h"

#include <fmt/format.h>

#include "core/proxy/routing/routes.h"

namespace hitless::app {
namespace {

proxy::Listener listenerTo(std::string name, std::uint16_t port, const std::string& cluster) {
  proxy::RouteRule rule;
  rule.name = "default";
  rule.backends.push_back({cluster, 1, {}, {}});
  proxy::VirtualHost host;
  host.rules.push_back(std::move(rule));
  proxy::Listener listener;
  listener.name = std::move(name);
  listener.port = port;
  listener.protocol = proxy::ListenerProtocol::kDetect;
  listener.hosts.push_back(std::move(host));
  return listener;
}

std::shared_ptr<proxy::Cluster> clusterOf(const std::string& name) {
  auto cluster = std::make_shared<proxy::Cluster>();
  cluster->name = name;
  cluster->protocol = proxy::UpstreamProtocol::kSameAsDownstream;
  return cluster;
}

void add(proxy::RouteTable& table, proxy::Listener listener,
         const std::shared_ptr<proxy::Cluster>& cluster) {
  table.clusters[cluster->name] = cluster;
  table.listeners.push_back(std::make_shared<proxy::routing::Routes>(std::move(listener)));
}

void addPassthrough(proxy::RouteTable& table, const char* listener, std::uint16_t port,
                    const char* cluster) {
  if (port == 0) {
    return;
  }
  const auto passthrough = clusterOf(cluster);
  passthrough->originalDestination = true;
  add(table, listenerTo(listener, port, cluster), passthrough);
}

}  // namespace

Result<InboundPort> parseInbound(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return invalid("\"" + text + "\" does not say where requests go",
                   "write it like --inbound 8081=127.0.0.1:8080");
  }
  InboundPort port;
  port.listen = TRY(parseDoor(text.substr(0, equals)));
  const Door to = TRY(parseDoor(text.substr(equals + 1)));
  port.to = {to.ip.value_or(IpAddress::v4(0x7f000001)), to.port};
  return port;
}

std::shared_ptr<const proxy::RouteTable> sidecarTable(const SidecarTable& ports) {
  auto table = std::make_shared<proxy::RouteTable>();
  for (const InboundPort& port : ports.inbound) {
    const auto cluster = clusterOf(fmt::format("inbound|{}||", port.to.port));
    cluster->upstreams.push_back({port.to, true, {}, {}});
    proxy::Listener listener =
        listenerTo(fmt::format("inbound|{}", port.listen.port), port.listen.port, cluster->name);
    listener.address = port.listen.ip;
    add(*table, std::move(listener), cluster);
  }
  addPassthrough(*table, "virtualInbound", ports.redirectPort, "InboundPassthroughCluster");
  addPassthrough(*table, kOutboundListener, ports.outboundPort, "PassthroughCluster");
  return table;
}

}  // namespace hitless::app
