#include "core/kube/objects.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::kube {
namespace {

/// Calls `each` for every JSON object in an array; skips whatever else is in it.
template <class F>
void forEachObject(const json::array* array, F each) {
  if (array == nullptr) {
    return;
  }
  for (const json::value& value : *array) {
    if (const json::object* object = value.if_object()) {
      each(*object);
    }
  }
}

std::vector<std::string> stringsOf(const json::array* array) {
  std::vector<std::string> out;
  if (array == nullptr) {
    return out;
  }
  for (const json::value& value : *array) {
    if (const json::string* string = value.if_string()) {
      out.emplace_back(*string);
    }
  }
  return out;
}

/// The string in field `key` of each object of the list.
std::vector<std::string> namesOf(const json::array* array, std::string_view key) {
  std::vector<std::string> out;
  forEachObject(array, [&](const json::object& item) { out.emplace_back(text(item, {key})); });
  return out;
}

std::string str(const json::object& object, std::initializer_list<std::string_view> path,
                std::string_view fallback = {}) {
  return std::string(text(object, path, fallback));
}

std::uint16_t portOf(const json::object& object, std::string_view key) {
  const std::int64_t value = integer(object, {key});
  return value > 0 && value <= 65535 ? static_cast<std::uint16_t>(value) : std::uint16_t{0};
}

std::optional<WallTime> timeOf(const json::object& object, std::string_view key) {
  return parseTime(text(object, {key}));
}

bool conditionTrue(const std::vector<Condition>& conditions, std::string_view type) {
  return std::any_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    return condition.type == type && condition.status == "True";
  });
}

IntOrString intOrStringOf(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value != nullptr && value->is_string()) {
    return std::string(value->get_string());
  }
  return integer(object, {key});
}

}  // namespace

const OwnerReference* ObjectMeta::controller() const {
  for (const OwnerReference& owner : owners) {
    if (owner.controller) {
      return &owner;
    }
  }
  return nullptr;
}

std::string ObjectMeta::key() const {
  return ns.empty() ? name : fmt::format("{}/{}", ns, name);
}

bool Pod::ready() const {
  return conditionTrue(conditions, "Ready");
}
bool Pod::finished() const {
  return phase == "Succeeded" || phase == "Failed";
}
bool Node::ready() const {
  return conditionTrue(conditions, "Ready");
}

std::string_view EndpointSlice::serviceName() const {
  const auto it = meta.labels.find(kServiceNameLabel);
  return it == meta.labels.end() ? std::string_view{} : std::string_view(it->second);
}

std::string_view Node::zone() const {
  const auto it = meta.labels.find(kZoneLabel);
  return it == meta.labels.end() ? std::string_view{} : std::string_view(it->second);
}

Labels labelsOf(const json::object* map) {
  Labels labels;
  if (map == nullptr) {
    return labels;
  }
  for (const auto& [key, value] : *map) {
    if (const json::string* string = value.if_string()) {
      labels.emplace(key, *string);
    }
  }
  return labels;
}

ObjectMeta metaOf(const json::object& object) {
  ObjectMeta meta;
  const json::object* source = findObject(object, {"metadata"});
  if (source == nullptr) {
    return meta;
  }
  meta.name = str(*source, {"name"});
  meta.ns = str(*source, {"namespace"});
  meta.uid = str(*source, {"uid"});
  meta.resourceVersion = parseUint(text(*source, {"resourceVersion"})).value_or(0);
  meta.generation = integer(*source, {"generation"});
  meta.labels = labelsOf(findObject(*source, {"labels"}));
  meta.annotations = labelsOf(findObject(*source, {"annotations"}));
  forEachObject(findArray(*source, {"ownerReferences"}), [&](const json::object& owner) {
    meta.owners.push_back({str(owner, {"apiVersion"}), str(owner, {"kind"}), str(owner, {"name"}),
                           str(owner, {"uid"}), boolean(owner, {"controller"}),
                           boolean(owner, {"blockOwnerDeletion"})});
  });
  meta.finalizers = stringsOf(findArray(*source, {"finalizers"}));
  meta.creationTimestamp = timeOf(*source, "creationTimestamp").value_or(WallTime{});
  meta.deletionTimestamp = timeOf(*source, "deletionTimestamp");
  meta.deletionGracePeriodSeconds = optionalInteger(*source, {"deletionGracePeriodSeconds"});
  return meta;
}

LabelSelector labelSelectorOf(const json::object& selector) {
  LabelSelector out;
  out.matchLabels = labelsOf(findObject(selector, {"matchLabels"}));
  forEachObject(findArray(selector, {"matchExpressions"}), [&](const json::object& expression) {
    out.matchExpressions.push_back({str(expression, {"key"}), str(expression, {"operator"}),
                                    stringsOf(findArray(expression, {"values"}))});
  });
  return out;
}

std::vector<Condition> conditionsOf(const json::array* conditions) {
  std::vector<Condition> out;
  forEachObject(conditions, [&](const json::object& condition) {
    out.push_back({str(condition, {"type"}), str(condition, {"status"}), str(condition, {"reason"}),
                   str(condition, {"message"}), timeOf(condition, "lastTransitionTime"),
                   timeOf(condition, "lastUpdateTime")});
  });
  return out;
}

Pod podOf(const json::object& object) {
  Pod pod;
  pod.meta = metaOf(object);
  pod.nodeName = str(object, {"spec", "nodeName"});
  pod.hostname = str(object, {"spec", "hostname"});
  pod.subdomain = str(object, {"spec", "subdomain"});
  pod.hostNetwork = boolean(object, {"spec", "hostNetwork"});
  const auto addPorts = [&](const json::object& container) {
    forEachObject(findArray(container, {"ports"}), [&](const json::object& port) {
      pod.ports.push_back(
          {str(port, {"name"}), portOf(port, "containerPort"), str(port, {"protocol"}, "TCP")});
    });
  };
  forEachObject(findArray(object, {"spec", "containers"}), addPorts);
  forEachObject(findArray(object, {"spec", "initContainers"}), [&](const json::object& container) {
    if (text(container, {"restartPolicy"}) == "Always") {  // A sidecar (KEP-753) runs all the time.
      addPorts(container);
    }
  });
  pod.phase = str(object, {"status", "phase"});
  forEachObject(findArray(object, {"status", "podIPs"}),
                [&](const json::object& ip) { pod.podIPs.push_back(str(ip, {"ip"})); });
  if (pod.podIPs.empty() && !text(object, {"status", "podIP"}).empty()) {
    pod.podIPs.push_back(str(object, {"status", "podIP"}));
  }
  pod.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  forEachObject(
      findArray(object, {"status", "containerStatuses"}),
      [&](const json::object& status) { pod.restarts += integer(status, {"restartCount"}); });
  return pod;
}

Service serviceOf(const json::object& object) {
  Service service;
  service.meta = metaOf(object);
  const json::object* spec = findObject(object, {"spec"});
  if (spec == nullptr) {
    return service;
  }
  service.type = str(*spec, {"type"}, "ClusterIP");
  service.clusterIPs = stringsOf(findArray(*spec, {"clusterIPs"}));
  if (service.clusterIPs.empty() && !text(*spec, {"clusterIP"}).empty()) {
    service.clusterIPs.push_back(str(*spec, {"clusterIP"}));
  }
  forEachObject(findArray(*spec, {"ports"}), [&](const json::object& source) {
    ServicePort port;
    port.name = str(source, {"name"});
    port.protocol = str(source, {"protocol"}, "TCP");
    port.port = portOf(source, "port");
    port.targetPort = find(source, "targetPort") == nullptr ? IntOrString(std::int64_t{port.port})
                                                            : intOrStringOf(source, "targetPort");
    port.nodePort = portOf(source, "nodePort");
    port.appProtocol = str(source, {"appProtocol"});
    service.ports.push_back(std::move(port));
  });
  service.selector = labelsOf(findObject(*spec, {"selector"}));
  service.ipFamilies = stringsOf(findArray(*spec, {"ipFamilies"}));
  service.externalName = str(*spec, {"externalName"});
  service.externalIPs = stringsOf(findArray(*spec, {"externalIPs"}));
  forEachObject(findArray(object, {"status", "loadBalancer", "ingress"}), [&](const json::object&
                                                                                  source) {
    service.loadBalancerIngress.push_back({str(source, {"ip"}), str(source, {"ipMode"}, "VIP")});
  });
  service.loadBalancerSourceRanges = stringsOf(findArray(*spec, {"loadBalancerSourceRanges"}));
  service.healthCheckNodePort = portOf(*spec, "healthCheckNodePort");
  service.publishNotReadyAddresses = boolean(*spec, {"publishNotReadyAddresses"});
  service.sessionAffinity = str(*spec, {"sessionAffinity"}, "None");
  service.sessionAffinityTimeout =
      integer(*spec, {"sessionAffinityConfig", "clientIP", "timeoutSeconds"}, 10800);
  service.internalTrafficPolicy = str(*spec, {"internalTrafficPolicy"}, "Cluster");
  service.externalTrafficPolicy = str(*spec, {"externalTrafficPolicy"}, "Cluster");
  return service;
}

EndpointSlice endpointSliceOf(const json::object& object) {
  EndpointSlice slice;
  slice.meta = metaOf(object);
  slice.addressType = str(object, {"addressType"}, "IPv4");
  forEachObject(findArray(object, {"endpoints"}), [&](const json::object& source) {
    Endpoint endpoint;
    endpoint.addresses = stringsOf(findArray(source, {"addresses"}));
    endpoint.ready = boolean(source, {"conditions", "ready"}, true);
    endpoint.serving = boolean(source, {"conditions", "serving"}, endpoint.ready);
    endpoint.terminating = boolean(source, {"conditions", "terminating"}, false);
    endpoint.hostname = str(source, {"hostname"});
    endpoint.nodeName = str(source, {"nodeName"});
    endpoint.zone = str(source, {"zone"});
    endpoint.forNodes = namesOf(findArray(source, {"hints", "forNodes"}), "name");
    endpoint.forZones = namesOf(findArray(source, {"hints", "forZones"}), "name");
    endpoint.targetKind = str(source, {"targetRef", "kind"});
    endpoint.targetName = str(source, {"targetRef", "name"});
    endpoint.targetNamespace = str(source, {"targetRef", "namespace"});
    endpoint.targetUid = str(source, {"targetRef", "uid"});
    slice.endpoints.push_back(std::move(endpoint));
  });
  forEachObject(findArray(object, {"ports"}), [&](const json::object& port) {
    slice.ports.push_back({str(port, {"name"}), str(port, {"protocol"}, "TCP"),
                           portOf(port, "port"), str(port, {"appProtocol"})});
  });
  return slice;
}

Node nodeOf(const json::object& object) {
  Node node;
  node.meta = metaOf(object);
  node.podCIDRs = stringsOf(findArray(object, {"spec", "podCIDRs"}));
  if (node.podCIDRs.empty() && !text(object, {"spec", "podCIDR"}).empty()) {
    node.podCIDRs.push_back(str(object, {"spec", "podCIDR"}));
  }
  node.taints = namesOf(findArray(object, {"spec", "taints"}), "key");
  node.unschedulable = boolean(object, {"spec", "unschedulable"});
  forEachObject(findArray(object, {"status", "addresses"}), [&](const json::object& address) {
    if (text(address, {"type"}) == "InternalIP") {
      node.internalIPs.push_back(str(address, {"address"}));
    }
  });
  node.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  return node;
}

std::vector<std::string> serviceCidrOf(const json::object& object) {
  return stringsOf(findArray(object, {"spec", "cidrs"}));
}

json::object toJson(const OwnerReference& owner) {
  return {{"apiVersion", owner.apiVersion},
          {"kind", owner.kind},
          {"name", owner.name},
          {"uid", owner.uid},
          {"controller", owner.controller},
          {"blockOwnerDeletion", owner.blockOwnerDeletion}};
}

json::object toJson(const Labels& labels) {
  json::object out;
  for (const auto& [key, value] : labels) {
    out.emplace(key, value);
  }
  return out;
}

json::object toJson(const Condition& condition) {
  json::object out{{"type", condition.type}, {"status", condition.status}};
  if (condition.lastUpdateTime) {
    out.emplace("lastUpdateTime", formatTime(*condition.lastUpdateTime));
  }
  if (condition.lastTransitionTime) {
    out.emplace("lastTransitionTime", formatTime(*condition.lastTransitionTime));
  }
  if (!condition.reason.empty()) {
    out.emplace("reason", condition.reason);
  }
  if (!condition.message.empty()) {
    out.emplace("message", condition.message);
  }
  return out;
}

}  // namespace hitless::kube
