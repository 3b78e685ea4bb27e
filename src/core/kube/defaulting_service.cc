#include "base/ip.h"
#include "core/kube/defaulting_rules.h"

namespace hitless::kube {
namespace {

void setIfAbsent(json::object& object, std::string_view key, json::value value) {
  const json::value* present = find(object, key);
  if (present == nullptr || (present->is_string() && present->get_string().empty())) {
    object[key] = std::move(value);
  }
}

void defaultTargetPorts(json::object& spec) {
  const auto it = spec.find("ports");
  json::array* ports = it == spec.end() ? nullptr : it->value().if_array();
  for (std::size_t i = 0; ports != nullptr && i < ports->size(); ++i) {
    json::object* port = (*ports)[i].if_object();
    const json::value* number = port == nullptr ? nullptr : find(*port, "port");
    if (number == nullptr) {
      continue;
    }
    const json::value* target = find(*port, "targetPort");
    const bool unset = target == nullptr || *target == json::value(0) || *target == json::value("");
    if (unset) {
      const json::value copy = *number;
      (*port)["targetPort"] = copy;
    }
  }
}

/// clusterIP is the first of clusterIPs.
void defaultClusterIps(json::object& spec) {
  const json::string single(text(spec, {"clusterIP"}));
  const json::array* all = findArray(spec, {"clusterIPs"});
  if (!single.empty() && (all == nullptr || all->empty())) {
    spec["clusterIPs"] = json::array{single};
  } else if (single.empty() && all != nullptr && !all->empty()) {
    const json::value first = all->front();
    spec["clusterIP"] = first;
  }
}

void defaultFamilies(json::object& spec) {
  const auto address = IpAddress::parse(text(spec, {"clusterIP"}));
  const bool v6 = address && !address->isV4();
  const json::array* all = findArray(spec, {"clusterIPs"});
  const bool dual = all != nullptr && all->size() == 2;
  json::array families{v6 ? "IPv6" : "IPv4"};
  if (dual) {
    families.emplace_back(v6 ? "IPv4" : "IPv6");
  }
  setIfAbsent(spec, "ipFamilies", std::move(families));
  setIfAbsent(spec, "ipFamilyPolicy", dual ? "RequireDualStack" : "SingleStack");
}

}  // namespace

void defaultService(json::object& service) {
  json::object& spec = ensureObject(service, {"spec"});
  defaultTargetPorts(spec);
  defaultClusterIps(spec);
  // A copy: adding fields below may move the object's storage.
  const std::string type(text(spec, {"type"}));
  if (type == "ExternalName") {
    return;
  }
  setIfAbsent(spec, "internalTrafficPolicy", "Cluster");
  defaultFamilies(spec);
  if (type == "NodePort" || type == "LoadBalancer") {
    setIfAbsent(spec, "externalTrafficPolicy", "Cluster");
  }
  if (type == "LoadBalancer") {
    setIfAbsent(spec, "allocateLoadBalancerNodePorts", true);
  }
  if (text(spec, {"sessionAffinity"}) == "ClientIP") {
    json::object& clientIp = ensureObject(spec, {"sessionAffinityConfig", "clientIP"});
    setIfAbsent(clientIp, "timeoutSeconds", 10800);
  }
}

}  // namespace hitless::kube
