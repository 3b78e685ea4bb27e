#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/kube/gateway_checks.h"
#include "core/kube/validation_rules.h"

/// The rules that the custom resource definitions of Gateway API v1.2 have, in the words of their
/// expressions.
namespace hitless::kube {
namespace {

constexpr std::int64_t kMaxListeners = 64;
constexpr std::int64_t kMaxAddresses = 16;
constexpr std::int64_t kMaxCertificates = 64;

using Predicate = bool (*)(const json::object& listener);

bool isOneOf(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}
bool hasTls(const json::object& listener) {
  return findObject(listener, {"tls"}) != nullptr;
}
std::string_view protocolOf(const json::object& listener) {
  return text(listener, {"protocol"});
}

/// What the expressions demand of the list of listeners as a whole; each names no single one.
struct ListRule {
  std::string_view message;
  Predicate holds;
};
constexpr ListRule kListRules[] = {
    {"tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
     [](const json::object& listener) {
       return !isOneOf(protocolOf(listener), {"HTTP", "TCP", "UDP"}) || !hasTls(listener);
     }},
    {"tls mode must be Terminate for protocol HTTPS",
     [](const json::object& listener) {
       return protocolOf(listener) != "HTTPS" || !hasTls(listener) ||
              isOneOf(text(listener, {"tls", "mode"}), {"", "Terminate"});
     }},
    {"hostname must not be specified for protocols ['TCP', 'UDP']",
     [](const json::object& listener) {
       return !isOneOf(protocolOf(listener), {"TCP", "UDP"}) ||
              text(listener, {"hostname"}).empty();
     }},
};

void validateTls(const json::object& tls, const std::string& path, FieldErrors& errors) {
  const json::array* certificates = findArray(tls, {"certificateRefs"});
  const json::object* options = findObject(tls, {"options"});
  const bool none = certificates == nullptr || certificates->empty();
  if (text(tls, {"mode"}) == "Terminate" && none && (options == nullptr || options->empty())) {
    errors.invalidText(path, kCelObject,
                       "certificateRefs or options must be specified when mode is Terminate");
  }
  checkSize(tls, "certificateRefs", path, 0, kMaxCertificates, errors);
  eachObject(tls, "certificateRefs", path, [&](const json::object& ref, const std::string& at) {
    checkLength(ref, "name", at, 253, errors);
  });
}

void validateListener(const json::object& listener, const std::string& path, FieldErrors& errors) {
  checkSectionName(listener, "name", path, errors);
  checkHostname(listener, "hostname", path, true, errors);
  checkRange(listener, "port", path, 1, 65535, errors);
  checkLength(listener, "protocol", path, 255, errors);
  if (const json::object* tls = findObject(listener, {"tls"})) {
    validateTls(*tls, path + ".tls", errors);
  }
  if (const json::object* selector =
          findObject(listener, {"allowedRoutes", "namespaces", "selector"})) {
    validateSelector(*selector, path + ".allowedRoutes.namespaces.selector", errors);
  }
  if (const json::object* allowed = findObject(listener, {"allowedRoutes"})) {
    checkSize(*allowed, "kinds", path + ".allowedRoutes", 0, 8, errors);
  }
}

void validateListeners(const json::object& spec, FieldErrors& errors) {
  std::set<std::string_view> names;
  std::set<std::tuple<std::int64_t, std::string_view, std::string_view>> places;
  std::set<std::string_view> broken;
  eachObject(spec, "listeners", "spec", [&](const json::object& listener, const std::string& path) {
    validateListener(listener, path, errors);
    const std::string_view name = text(listener, {"name"});
    if (!names.insert(name).second) {
      errors.duplicate(path, json::object{{"name", name}});
      broken.insert("Listener name must be unique within the Gateway");
    }
    if (!places
             .emplace(integer(listener, {"port"}), protocolOf(listener),
                      text(listener, {"hostname"}))
             .second) {
      broken.insert("Combination of port, protocol and hostname must be unique for each listener");
    }
    for (const ListRule& rule : kListRules) {
      if (!rule.holds(listener)) {
        broken.insert(rule.message);
      }
    }
  });
  for (const std::string_view message : broken) {
    errors.invalidText("spec.listeners", kCelArray, message);
  }
}

}  // namespace

void validateGateway(const json::object& gateway, FieldErrors& errors) {
  const json::object* spec = findObject(gateway, {"spec"});
  if (spec == nullptr) {
    return;
  }
  checkLength(*spec, "gatewayClassName", "spec", 253, errors);
  checkSize(*spec, "listeners", "spec", 0, kMaxListeners, errors);
  checkSize(*spec, "addresses", "spec", 0, kMaxAddresses, errors);
  validateListeners(*spec, errors);
  eachObject(*spec, "addresses", "spec", [&](const json::object& address, const std::string& path) {
    checkLength(address, "value", path, 253, errors);
  });
}

void validateGatewayClass(const json::object& gatewayClass, FieldErrors& errors) {
  const json::object* spec = findObject(gatewayClass, {"spec"});
  if (spec == nullptr) {
    return;
  }
  checkLength(*spec, "controllerName", "spec", 253, errors);
  checkLength(*spec, "description", "spec", 64, errors);
  checkPattern(*spec, "controllerName", "spec", isDomainPath, kDomainPathPattern, errors);
}

void validateGatewayClassUpdate(const json::object& now, const json::object& before,
                                FieldErrors& errors) {
  if (text(now, {"spec", "controllerName"}) != text(before, {"spec", "controllerName"})) {
    errors.invalidText("spec.controllerName", "\"string\"", "Value is immutable");
  }
}

}  // namespace hitless::kube
