#include "core/node/pod_spec.h"

#include <algorithm>
#include <set>

namespace hitless::node {
namespace {

using kube::json::array;
using kube::json::object;

std::string str(const object& holder, std::initializer_list<std::string_view> path,
                std::string_view fallback = {}) {
  return std::string(kube::text(holder, path, fallback));
}

/// `convert(object)` for each object of an array; whatever else is in it is skipped.
template <class Convert>
auto mapped(const array* values, Convert convert) {
  std::vector<decltype(convert(std::declval<const object&>()))> out;
  if (values != nullptr) {
    for (const kube::json::value& value : *values) {
      if (const object* item = value.if_object()) {
        out.push_back(convert(*item));
      }
    }
  }
  return out;
}

std::vector<std::string> strings(const array* values) {
  std::vector<std::string> out;
  if (values != nullptr) {
    for (const kube::json::value& value : *values) {
      if (const kube::json::string* word = value.if_string()) {
        out.emplace_back(*word);
      }
    }
  }
  return out;
}

/// Quantities may be written as numbers: cpu: 1.
Quantities quantities(const object* map) {
  Quantities out;
  if (map != nullptr) {
    for (const auto& [name, value] : *map) {
      const kube::json::string* word = value.if_string();
      out.emplace(name, word != nullptr ? std::string(*word) : kube::json::serialize(value));
    }
  }
  return out;
}

KeyRef keyRefOf(const object& holder, SourceKind kind) {
  return KeyRef{
      {kind, str(holder, {"name"})}, str(holder, {"key"}), kube::boolean(holder, {"optional"})};
}

EnvVar envVarOf(const object& item) {
  EnvVar out{str(item, {"name"}), str(item, {"value"})};
  if (const object* ref = kube::findObject(item, {"valueFrom", "fieldRef"})) {
    out.value = FieldRef{str(*ref, {"fieldPath"})};
  } else if (const object* resource = kube::findObject(item, {"valueFrom", "resourceFieldRef"})) {
    out.value = ResourceFieldRef{str(*resource, {"containerName"}), str(*resource, {"resource"}),
                                 str(*resource, {"divisor"})};
  } else if (const object* config = kube::findObject(item, {"valueFrom", "configMapKeyRef"})) {
    out.value = keyRefOf(*config, SourceKind::kConfigMap);
  } else if (const object* secret = kube::findObject(item, {"valueFrom", "secretKeyRef"})) {
    out.value = keyRefOf(*secret, SourceKind::kSecret);
  }
  return out;
}

EnvFrom envFromOf(const object& item) {
  const bool secret = kube::findObject(item, {"secretRef"}) != nullptr;
  const std::string_view key = secret ? "secretRef" : "configMapRef";
  return EnvFrom{{secret ? SourceKind::kSecret : SourceKind::kConfigMap, str(item, {key, "name"})},
                 str(item, {"prefix"}),
                 kube::boolean(item, {key, "optional"})};
}

VolumeMount mountOf(const object& item) {
  return VolumeMount{str(item, {"name"}), str(item, {"mountPath"}), str(item, {"subPath"}),
                     str(item, {"subPathExpr"}), kube::boolean(item, {"readOnly"})};
}

kube::ContainerPort portOf(const object& item) {
  const std::int64_t port = kube::integer(item, {"containerPort"});
  const bool valid = port > 0 && port <= 65535;
  return kube::ContainerPort{str(item, {"name"}),
                             valid ? static_cast<std::uint16_t>(port) : std::uint16_t{0},
                             str(item, {"protocol"}, "TCP")};
}

std::optional<Handler> hookOf(const object& container, std::string_view name) {
  const object* hook = kube::findObject(container, {"lifecycle", name});
  return hook == nullptr ? std::nullopt : handlerOf(*hook);
}

ContainerSpec containerOf(const object& item) {
  ContainerSpec out;
  out.name = str(item, {"name"});
  out.image = str(item, {"image"});
  out.command = strings(kube::findArray(item, {"command"}));
  out.args = strings(kube::findArray(item, {"args"}));
  out.workingDir = str(item, {"workingDir"});
  out.ports = mapped(kube::findArray(item, {"ports"}), portOf);
  out.envFrom = mapped(kube::findArray(item, {"envFrom"}), envFromOf);
  out.env = mapped(kube::findArray(item, {"env"}), envVarOf);
  out.mounts = mapped(kube::findArray(item, {"volumeMounts"}), mountOf);
  out.startup = probeOf(kube::findObject(item, {"startupProbe"}));
  out.readiness = probeOf(kube::findObject(item, {"readinessProbe"}));
  out.liveness = probeOf(kube::findObject(item, {"livenessProbe"}));
  out.postStart = hookOf(item, "postStart");
  out.preStop = hookOf(item, "preStop");
  out.requests = quantities(kube::findObject(item, {"resources", "requests"}));
  out.limits = quantities(kube::findObject(item, {"resources", "limits"}));
  out.restartAlways = kube::text(item, {"restartPolicy"}) == "Always";
  out.privileged = kube::boolean(item, {"securityContext", "privileged"});
  out.capabilities =
      capabilitiesOf(strings(kube::findArray(item, {"securityContext", "capabilities", "add"})),
                     strings(kube::findArray(item, {"securityContext", "capabilities", "drop"})));
  out.readOnlyRoot = kube::boolean(item, {"securityContext", "readOnlyRootFilesystem"});
  out.runAsUser = kube::optionalInteger(item, {"securityContext", "runAsUser"});
  out.runAsGroup = kube::optionalInteger(item, {"securityContext", "runAsGroup"});
  return out;
}

RestartPolicy restartPolicyOf(std::string_view text) {
  if (text == "Never") {
    return RestartPolicy::kNever;
  }
  return text == "OnFailure" ? RestartPolicy::kOnFailure : RestartPolicy::kAlways;
}

DnsConfig dnsOf(const object& spec) {
  DnsConfig out;
  out.policy = str(spec, {"dnsPolicy"}, "ClusterFirst");
  out.nameservers = strings(kube::findArray(spec, {"dnsConfig", "nameservers"}));
  out.searches = strings(kube::findArray(spec, {"dnsConfig", "searches"}));
  out.options = mapped(kube::findArray(spec, {"dnsConfig", "options"}), [](const object& option) {
    const std::string value = str(option, {"value"});
    return str(option, {"name"}) + (value.empty() ? "" : ":" + value);
  });
  return out;
}

/// The pod's securityContext is the default of its containers'.
void inheritSecurity(const object& spec, std::vector<ContainerSpec>& containers) {
  for (ContainerSpec& container : containers) {
    if (!container.runAsUser) {
      container.runAsUser = kube::optionalInteger(spec, {"securityContext", "runAsUser"});
    }
    if (!container.runAsGroup) {
      container.runAsGroup = kube::optionalInteger(spec, {"securityContext", "runAsGroup"});
    }
  }
}

void readSpec(const object& spec, PodSpec& out) {
  out.nodeName = str(spec, {"nodeName"});
  out.serviceAccount = str(spec, {"serviceAccountName"}, "default");
  out.hostname = str(spec, {"hostname"});
  out.subdomain = str(spec, {"subdomain"});
  out.restartPolicy = restartPolicyOf(kube::text(spec, {"restartPolicy"}));
  out.gracePeriod =
      std::max<std::int64_t>(0, kube::integer(spec, {"terminationGracePeriodSeconds"}, 30));
  out.hostNetwork = kube::boolean(spec, {"hostNetwork"});
  out.initContainers = mapped(kube::findArray(spec, {"initContainers"}), containerOf);
  out.containers = mapped(kube::findArray(spec, {"containers"}), containerOf);
  inheritSecurity(spec, out.initContainers);
  inheritSecurity(spec, out.containers);
  out.volumes = volumesOf(kube::findArray(spec, {"volumes"}));
  out.hostAliases = mapped(kube::findArray(spec, {"hostAliases"}), [](const object& alias) {
    return HostAlias{str(alias, {"ip"}), strings(kube::findArray(alias, {"hostnames"}))};
  });
  out.readinessGates = mapped(kube::findArray(spec, {"readinessGates"}),
                              [](const object& gate) { return str(gate, {"conditionType"}); });
  out.dns = dnsOf(spec);
}

/// cpu and memory of one container: do its requests equal its limits, does it have any?
struct QosOfContainer {
  bool any = false;
  bool guaranteed = true;
};

QosOfContainer qosOf(const ContainerSpec& container) {
  QosOfContainer out;
  for (const std::string_view resource : {"cpu", "memory"}) {
    const auto request = container.requests.find(resource);
    const auto limit = container.limits.find(resource);
    const bool limited = limit != container.limits.end();
    const bool requested = request != container.requests.end();
    out.any = out.any || limited || requested;
    // A missing request defaults to the limit.
    out.guaranteed = out.guaranteed && limited && (!requested || request->second == limit->second);
  }
  return out;
}

}  // namespace

PodSpec podSpecOf(const object& pod) {
  const kube::ObjectMeta meta = kube::metaOf(pod);
  PodSpec out;
  out.ns = meta.ns;
  out.name = meta.name;
  out.uid = meta.uid;
  out.labels = meta.labels;
  out.annotations = meta.annotations;
  if (const object* spec = kube::findObject(pod, {"spec"})) {
    readSpec(*spec, out);
  }
  return out;
}

std::vector<SourceRef> sourcesOf(const PodSpec& spec) {
  std::set<SourceRef> out;
  const auto fromContainers = [&out](const std::vector<ContainerSpec>& containers) {
    for (const ContainerSpec& container : containers) {
      for (const EnvFrom& from : container.envFrom) {
        out.insert(from.source);
      }
      for (const EnvVar& var : container.env) {
        if (const auto* ref = std::get_if<KeyRef>(&var.value)) {
          out.insert(ref->source);
        }
      }
    }
  };
  fromContainers(spec.initContainers);
  fromContainers(spec.containers);
  for (const Volume& volume : spec.volumes) {
    const auto* projected = std::get_if<Projected>(&volume.source);
    if (projected == nullptr) {
      continue;
    }
    for (const Projection& row : projected->rows) {
      if (const auto* source = std::get_if<SourceProjection>(&row)) {
        out.insert(source->source);
      }
    }
  }
  return {out.begin(), out.end()};
}

std::string_view qosClassOf(const PodSpec& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const auto* containers : {&spec.initContainers, &spec.containers}) {
    for (const ContainerSpec& container : *containers) {
      const QosOfContainer qos = qosOf(container);
      any = any || qos.any;
      guaranteed = guaranteed && qos.guaranteed;
    }
  }
  return guaranteed ? "Guaranteed" : any ? "Burstable" : "BestEffort";
}

}  // namespace hitless::node
