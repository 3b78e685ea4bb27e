#include "app/agent/service_health.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace hitless::app {

void ServiceHealth::publish(const service::Changes& applied) {
  const bool portsChanged = checks_.update(parts_.plane.snapshot(), applied, parts_.plane.node());
  using Policy = service::HealthChecks::Policy;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    parts_.metrics.noLocalInternal.of(family) = checks_.noLocalEndpoints(Policy::kInternal, family);
    parts_.metrics.noLocalExternal.of(family) = checks_.noLocalEndpoints(Policy::kExternal, family);
  }
  if (std::exchange(addressesChanged_, false) || portsChanged) {
    openDoors();
  }
}

void ServiceHealth::openDoors() {
  std::erase_if(doors_, [&](const auto& door) {
    const auto wanted = checks_.checks().find(door.first);
    return wanted == checks_.checks().end() || wanted->second.port != door.second->port();
  });
  for (const auto& [name, check] : checks_.checks()) {
    auto& door = doors_[name];
    if (door == nullptr) {
      door = makeDoor(name, check.port);
    }
    door->listenOn(addresses_);
  }
}

std::unique_ptr<Front> ServiceHealth::makeDoor(const service::ServiceName& name,
                                               std::uint16_t port) {
  auto door = std::make_unique<Front>(parts_.io, port);
  // kube-proxy answers on any path.
  door->routeRest([this, name](const sys::HttpRequest&, const std::string&,
                               const std::shared_ptr<sys::HttpResponder>& responder) {
    answer(name, *responder);
  });
  door->onTrouble(
      [this, name](const std::string&, const Error& error) { tellTrouble(name, error); });
  return door;
}

void ServiceHealth::answer(const service::ServiceName& name, sys::HttpResponder& responder) const {
  const auto check = checks_.checks().find(name);
  const std::size_t endpoints = check == checks_.checks().end() ? 0 : check->second.localEndpoints;
  const bool healthy = parts_.health.proxierHealthy();
  const kube::json::object body{{"service", {{"namespace", name.ns}, {"name", name.name}}},
                                {"localEndpoints", endpoints},
                                {"serviceProxyHealthy", healthy}};
  responder.addHeader("X-Content-Type-Options", "nosniff");
  responder.addHeader("X-Load-Balancing-Endpoint-Weight", std::to_string(endpoints));
  responder.send(endpoints > 0 && healthy ? 200 : 503, "application/json",
                 kube::json::serialize(body));
}

void ServiceHealth::tellTrouble(const service::ServiceName& name, const Error& error) {
  const std::string message =
      fmt::format("node {} cannot open the health check of service {}: {}; trying again",
                  parts_.node, name.text(), error.text());
  spdlog::warn("{}", message);
  const service::ServiceState* state = parts_.plane.snapshot().find(name);
  const std::string uid = state != nullptr && state->service != nullptr ? state->service->uid : "";
  parts_.events.write({"Service", name.ns, name.name, uid}, "Warning",
                      "FailedToStartServiceHealthcheck", message);
}

}  // namespace hitless::app
