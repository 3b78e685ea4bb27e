#include "core/control/controllers/endpoint_targets.h"

#include <algorithm>

#include "core/kube/workload.h"

namespace hitless::control {
namespace {

std::uint16_t portNumber(const kube::ServicePort& servicePort, const kube::Pod& pod) {
  if (const auto* number = std::get_if<std::int64_t>(&servicePort.targetPort)) {
    const bool given = *number > 0 && *number <= 65535;
    return given ? static_cast<std::uint16_t>(*number) : servicePort.port;
  }
  const std::string& name = std::get<std::string>(servicePort.targetPort);
  const auto it = std::find_if(pod.ports.begin(), pod.ports.end(), [&](const auto& port) {
    return port.name == name && port.protocol == servicePort.protocol;
  });
  return it == pod.ports.end() ? std::uint16_t{0} : it->containerPort;
}

}  // namespace

std::vector<std::string> addressTypesOf(const kube::json::object& service) {
  std::vector<std::string> types;
  if (const auto* families = kube::findArray(service, {"spec", "ipFamilies"})) {
    for (const auto& family : *families) {
      if (const auto* text = family.if_string(); text != nullptr) {
        types.emplace_back(*text);
      }
    }
  }
  if (types.empty()) {
    types.emplace_back(
        kube::text(service, {"spec", "clusterIP"}).find(':') == std::string_view::npos ? "IPv4"
                                                                                       : "IPv6");
  }
  return types;
}

bool isManaged(const kube::Service& service) {
  return !service.selector.empty() && service.type != "ExternalName" && !service.meta.terminating();
}

std::vector<kube::EndpointPort> targetPorts(const kube::Service& service, const kube::Pod& pod) {
  std::vector<kube::EndpointPort> ports;
  for (const kube::ServicePort& servicePort : service.ports) {
    const std::uint16_t number = portNumber(servicePort, pod);
    if (number != 0) {
      ports.push_back({servicePort.name, servicePort.protocol, number, servicePort.appProtocol});
    }
  }
  return ports;
}

std::vector<std::string> addressesOf(const kube::Pod& pod, std::string_view addressType) {
  std::vector<std::string> out;
  for (const std::string& ip : pod.podIPs) {
    const bool v6 = ip.find(':') != std::string::npos;
    if (!ip.empty() && v6 == (addressType == "IPv6")) {
      out.push_back(ip);
    }
  }
  return out;
}

std::string hostnameFor(const kube::Service& service, const kube::Pod& pod) {
  return pod.subdomain == service.meta.name ? pod.hostname : std::string();
}

std::string triggerTime(const ServiceState& state, std::string_view previous) {
  const auto last = parseTime(previous);
  std::optional<WallTime> earliest;
  const auto consider = [&](const std::optional<WallTime>& time) {
    if (time && *time != WallTime{} && (!last || *time > *last)) {
      earliest = std::min(*time, earliest.value_or(*time));
    }
  };
  consider(state.service->meta.creationTimestamp);
  for (const Ref<kube::Pod>& pod : state.pods) {
    const auto* ready = kube::findCondition(pod->conditions, "Ready");
    consider(ready == nullptr ? std::nullopt : ready->lastTransitionTime);
  }
  return earliest ? formatTime(*earliest) : std::string(previous);
}

}  // namespace hitless::control
