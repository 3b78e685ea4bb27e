#include <fmt/format.h>

#include <set>

#include "base/ip.h"
#include "core/kube/each.h"
#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr std::size_t kMaxEndpoints = 1000;
constexpr std::size_t kMaxAddresses = 100;
constexpr std::size_t kMaxSlicePorts = 20000;
constexpr std::string_view kNotAnIp =
    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

bool isHeadless(const json::object& service) {
  return text(service, {"spec", "clusterIP"}) == "None";
}

void validatePort(const json::object& port, const std::string& path, std::string_view type,
                  bool several, FieldErrors& errors) {
  if (several && text(port, {"name"}).empty()) {
    errors.required(path + ".name");
  }
  const std::int64_t nodePort = integer(port, {"nodePort"});
  if (nodePort != 0 && (type == "ClusterIP" || type == "ExternalName")) {
    errors.forbidden(path + ".nodePort", fmt::format("may not be used when `type` is '{}'", type));
  } else if (nodePort < 0 || nodePort > 65535) {
    errors.invalid(path + ".nodePort", nodePort, "must be between 1 and 65535, inclusive");
  }
}

void validatePorts(const json::object& service, FieldErrors& errors) {
  const json::object* spec = findObject(service, {"spec"});
  const std::string_view type = text(service, {"spec", "type"});
  const json::array* ports = findArray(service, {"spec", "ports"});
  if (ports == nullptr || ports->empty()) {
    if (!isHeadless(service) && type != "ExternalName") {
      errors.required("spec.ports");
    }
    return;
  }
  std::set<std::string_view> names;
  std::set<std::pair<std::int64_t, std::string_view>> numbers;
  eachObject(*spec, "ports", "spec", [&](const json::object& port, const std::string& path) {
    validatePort(port, path, type, ports->size() > 1, errors);
    const std::string_view name = text(port, {"name"});
    if (!name.empty() && !names.insert(name).second) {
      errors.duplicate(path + ".name", json::string(name));
    }
    const std::int64_t number = integer(port, {"port"});
    const std::string_view protocol = text(port, {"protocol"}, "TCP");
    if (!numbers.emplace(number, protocol).second) {
      errors.duplicate(path, json::object{{"port", number}, {"protocol", protocol}});
    }
  });
}

void validateClusterIps(const json::object& service, FieldErrors& errors) {
  const std::string_view type = text(service, {"spec", "type"});
  const json::array* ips = findArray(service, {"spec", "clusterIPs"});
  for (std::size_t i = 0; ips != nullptr && i < ips->size(); ++i) {
    const std::string path = fmt::format("spec.clusterIPs[{}]", i);
    const json::string* ip = (*ips)[i].if_string();
    if (ip == nullptr) {
      continue;
    }
    if (type == "ExternalName") {
      errors.forbidden(path, "may not be set when `type` is 'ExternalName'");
    } else if (*ip == "None" && (type == "NodePort" || type == "LoadBalancer")) {
      errors.invalid(path, *ip, fmt::format("may not be set to 'None' for {} services", type));
    } else if (*ip != "None" && !IpAddress::parse(*ip)) {
      errors.invalid(path, *ip, kNotAnIp);
    }
  }
  if (ips != nullptr && ips->size() > 2) {
    errors.tooMany("spec.clusterIPs", ips->size(), 2);
  }
}

void validateTraffic(const json::object& service, FieldErrors& errors) {
  const std::string_view type = text(service, {"spec", "type"});
  const std::string_view policy = text(service, {"spec", "externalTrafficPolicy"});
  const json::array* external = findArray(service, {"spec", "externalIPs"});
  const bool reachable = type == "NodePort" || type == "LoadBalancer" ||
                         (type == "ClusterIP" && external != nullptr && !external->empty());
  if (!policy.empty() && !reachable) {
    errors.invalid("spec.externalTrafficPolicy", json::string(policy),
                   "may only be set for externally-accessible services");
  }
  if (text(service, {"spec", "sessionAffinity"}) == "ClientIP") {
    const auto timeout =
        optionalInteger(service, {"spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"});
    if (timeout && (*timeout < 1 || *timeout > 86400)) {
      errors.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", *timeout,
                     "must be greater than 0 and less than or equal to 86400");
    }
  }
}

void validateExternalName(const json::object& service, FieldErrors& errors) {
  if (text(service, {"spec", "type"}) != "ExternalName") {
    return;
  }
  std::string_view name = text(service, {"spec", "externalName"});
  if (name.empty()) {
    errors.required("spec.externalName");
    return;
  }
  name = name.back() == '.' ? name.substr(0, name.size() - 1) : name;
  if (const auto error = dnsSubdomainError(name)) {
    errors.invalid("spec.externalName", json::string(name), *error);
  }
}

void validateSliceAddress(const json::value& address, std::string_view type,
                          const std::string& path, FieldErrors& errors) {
  const json::string* string = address.if_string();
  if (string == nullptr) {
    return;
  }
  if (type == "FQDN") {
    if (const auto error = dnsSubdomainError(*string)) {
      errors.invalid(path, address, *error);
    }
    return;
  }
  const auto ip = IpAddress::parse(*string);
  if (!ip) {
    errors.invalid(path, address, kNotAnIp);
  } else if (ip->isV4() != (type == "IPv4")) {
    errors.invalid(path, address, fmt::format("must be a valid {} address", type));
  }
}

}  // namespace

void validateService(const json::object& service, FieldErrors& errors) {
  validatePorts(service, errors);
  if (const json::object* selector = findObject(service, {"spec", "selector"})) {
    validateLabels(*selector, "spec.selector", errors);
  }
  validateClusterIps(service, errors);
  validateExternalName(service, errors);
  validateTraffic(service, errors);
}

void validateServiceUpdate(const json::object& now, const json::object& before,
                           FieldErrors& errors) {
  const auto hasIp = [](const json::object& service) {
    return text(service, {"spec", "type"}) != "ExternalName" &&
           !text(service, {"spec", "clusterIP"}).empty();
  };
  const json::value* ips = find(now, {"spec", "clusterIPs"});
  const json::value* old = find(before, {"spec", "clusterIPs"});
  if (hasIp(before) && text(now, {"spec", "type"}) != "ExternalName" && old != nullptr &&
      (ips == nullptr || *ips != *old)) {
    errors.invalid("spec.clusterIPs[0]", ips == nullptr ? json::value(json::array{}) : *ips,
                   "may not change once set");
  }
}

void validateEndpointSlice(const json::object& slice, FieldErrors& errors) {
  const std::string_view type = text(slice, {"addressType"});
  const json::array* endpoints = findArray(slice, {"endpoints"});
  if (endpoints != nullptr && endpoints->size() > kMaxEndpoints) {
    errors.tooMany("endpoints", endpoints->size(), kMaxEndpoints);
    return;
  }
  eachObject(slice, "endpoints", "", [&](const json::object& endpoint, const std::string& path) {
    const json::array* addresses = findArray(endpoint, {"addresses"});
    if (addresses != nullptr && addresses->size() > kMaxAddresses) {
      errors.tooMany(path + ".addresses", addresses->size(), kMaxAddresses);
    }
    for (std::size_t i = 0; addresses != nullptr && i < addresses->size(); ++i) {
      validateSliceAddress((*addresses)[i], type, fmt::format("{}.addresses[{}]", path, i), errors);
    }
  });
  const json::array* ports = findArray(slice, {"ports"});
  if (ports != nullptr && ports->size() > kMaxSlicePorts) {
    errors.tooMany("ports", ports->size(), kMaxSlicePorts);
  }
  std::set<std::string_view> names;
  eachObject(slice, "ports", "", [&](const json::object& port, const std::string& path) {
    if (!names.insert(text(port, {"name"})).second) {
      errors.duplicate(path + ".name", json::string(text(port, {"name"})));
    }
  });
}

void validateEndpointSliceUpdate(const json::object& now, const json::object& before,
                                 FieldErrors& errors) {
  if (text(now, {"addressType"}) != text(before, {"addressType"})) {
    errors.invalid("addressType", json::string(text(now, {"addressType"})), kImmutable);
  }
}

}  // namespace hitless::kube
