#include <fmt/format.h>

#include "base/ip.h"
#include "base/text.h"
#include "core/kube/each.h"
#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

/// pkg/apis/networking/validation of Kubernetes; single values are checked by the schema table.
namespace hitless::kube {
namespace {

constexpr std::string_view kPathTypes[] = {"Exact", "ImplementationSpecific", "Prefix"};
constexpr std::string_view kScopes[] = {"Cluster", "Namespace"};
constexpr std::string_view kClassAnnotation = "kubernetes.io/ingress.class";
constexpr std::size_t kMaxController = 250;

constexpr std::string_view kNotInPath[] = {"//", "/./", "/../", "%2f", "%2F"};
constexpr std::string_view kNotAtEnd[] = {"/..", "/."};

void validateServicePort(const json::object& service, const std::string& path,
                         FieldErrors& errors) {
  const std::string_view name = text(service, {"port", "name"});
  const std::int64_t number = integer(service, {"port", "number"});
  if (!name.empty() && number != 0) {
    errors.invalid(path, "", "cannot set both port name & port number");
  } else if (!name.empty()) {
    if (const auto error = portNameError(name)) {
      errors.invalid(path + ".service.port.name", json::string(name), *error);
    }
  } else if (number == 0) {
    errors.required(path, "port name or number is required");
  } else if (number < 1 || number > 65535) {
    errors.invalid(path + ".service.port.number", number, "must be between 1 and 65535, inclusive");
  }
}

void validateBackend(const json::object& backend, const std::string& path, FieldErrors& errors) {
  const json::object* service = findObject(backend, {"service"});
  const json::object* resource = findObject(backend, {"resource"});
  if (service != nullptr && resource != nullptr) {
    errors.invalid(path, "", "cannot set both resource and service backends");
  } else if (service == nullptr && resource == nullptr) {
    errors.invalid(path, "", "resource or service backend is required");
  } else if (service != nullptr) {
    const std::string_view name = text(*service, {"name"});
    if (name.empty()) {
      errors.required(path + ".service.name");
    } else if (const auto error = dns1035LabelError(name)) {
      errors.invalid(path + ".service.name", json::string(name), *error);
    }
    validateServicePort(*service, path, errors);
  } else {
    for (const std::string_view field : {"kind", "name"}) {
      if (text(*resource, {field}).empty()) {
        errors.required(fmt::format("{}.resource.{}", path, field));
      }
    }
  }
}

void validateAbsolute(std::string_view value, const std::string& path, FieldErrors& errors) {
  const json::string shown(value);
  if (!value.starts_with('/')) {
    errors.invalid(path, shown, "must be an absolute path");
  }
  for (const std::string_view sequence : kNotInPath) {
    if (value.find(sequence) != std::string_view::npos) {
      errors.invalid(path, shown, fmt::format("must not contain '{}'", sequence));
    }
  }
  for (const std::string_view suffix : kNotAtEnd) {
    if (value.ends_with(suffix)) {
      errors.invalid(path, shown, fmt::format("cannot end with '{}'", suffix));
    }
  }
}

void validatePath(const json::object& item, const std::string& path, FieldErrors& errors) {
  const std::string_view value = text(item, {"path"});
  const std::string_view type = text(item, {"pathType"});
  if (type == "Exact" || type == "Prefix") {
    validateAbsolute(value, path + ".path", errors);
  } else if (type == "ImplementationSpecific") {
    if (!value.empty() && !value.starts_with('/')) {
      errors.invalid(path + ".path", json::string(value), "must be an absolute path");
    }
  } else if (type.empty()) {
    errors.required(path + ".pathType", "pathType must be specified");
  } else {
    errors.notSupported(path + ".pathType", type, kPathTypes);
  }
  const json::object* backend = findObject(item, {"backend"});
  validateBackend(backend == nullptr ? json::object{} : *backend, path + ".backend", errors);
}

void validateHost(std::string_view host, const std::string& path, FieldErrors& errors) {
  if (IpAddress::parse(host)) {
    errors.invalid(path, json::string(host), "must be a DNS name, not an IP address");
  } else if (const auto error = host.find('*') == std::string_view::npos
                                    ? dnsSubdomainError(host)
                                    : wildcardDomainError(host)) {
    errors.invalid(path, json::string(host), *error);
  }
}

void validateRules(const json::object& spec, FieldErrors& errors) {
  eachObject(spec, "rules", "spec", [&](const json::object& rule, const std::string& path) {
    if (const std::string_view host = text(rule, {"host"}); !host.empty()) {
      validateHost(host, path + ".host", errors);
    }
    if (const json::object* http = findObject(rule, {"http"})) {
      eachObject(
          *http, "paths", path + ".http",
          [&](const json::object& item, const std::string& at) { validatePath(item, at, errors); });
    }
  });
}

void validateTls(const json::object& spec, FieldErrors& errors) {
  eachObject(spec, "tls", "spec", [&](const json::object& tls, const std::string& path) {
    const json::array* hosts = findArray(tls, {"hosts"});
    for (std::size_t i = 0; hosts != nullptr && i < hosts->size(); ++i) {
      const json::string* host = (*hosts)[i].if_string();
      if (host == nullptr) {
        continue;
      }
      const auto error = host->find('*') == json::string::npos ? dnsSubdomainError(*host)
                                                               : wildcardDomainError(*host);
      if (error) {
        errors.invalid(fmt::format("{}.hosts[{}]", path, i), *host, *error);
      }
    }
    if (const std::string_view secret = text(tls, {"secretName"}); !secret.empty()) {
      if (const auto error = dnsSubdomainError(secret)) {
        errors.invalid(path + ".secretName", json::string(secret), *error);
      }
    }
  });
}

void validateClass(const json::object& ingress, FieldErrors& errors) {
  const json::value* name = find(ingress, {"spec", "ingressClassName"});
  if (name == nullptr || !name->is_string()) {
    return;
  }
  if (const auto error = dnsSubdomainError(name->get_string())) {
    errors.invalid("spec.ingressClassName", *name, *error);
  }
}

}  // namespace

void validateIngress(const json::object& ingress, FieldErrors& errors) {
  const json::object* spec = findObject(ingress, {"spec"});
  if (spec == nullptr) {
    return;
  }
  validateClass(ingress, errors);
  const json::array* rules = findArray(*spec, {"rules"});
  const json::object* fallback = findObject(*spec, {"defaultBackend"});
  if ((rules == nullptr || rules->empty()) && fallback == nullptr) {
    errors.invalidText("spec", "[]networking.IngressRule(nil)",
                       "either `defaultBackend` or `rules` must be specified");
  }
  validateTls(*spec, errors);
  validateRules(*spec, errors);
  if (fallback != nullptr) {
    validateBackend(*fallback, "spec.defaultBackend", errors);
  }
}

void validateIngressCreate(const json::object& ingress, FieldErrors& errors) {
  const std::string_view annotation = text(ingress, {"metadata", "annotations", kClassAnnotation});
  if (!annotation.empty() && find(ingress, {"spec", "ingressClassName"}) != nullptr) {
    errors.invalid(fmt::format("annotations.{}", kClassAnnotation), json::string(annotation),
                   "can not be set when the class field is also set");
  }
}

void validateIngressClass(const json::object& ingressClass, FieldErrors& errors) {
  const std::string_view controller = text(ingressClass, {"spec", "controller"});
  if (controller.empty()) {
    errors.required("spec.controller");
  } else if (controller.size() > kMaxController) {
    errors.tooLong("spec.controller", kMaxController);
  } else if (const auto error = domainPathError(controller)) {
    errors.invalid("spec.controller", json::string(controller), *error);
  }
  const json::object* parameters = findObject(ingressClass, {"spec", "parameters"});
  if (parameters == nullptr) {
    return;
  }
  const std::string_view scope = text(*parameters, {"scope"});
  const bool hasNamespace = !text(*parameters, {"namespace"}).empty();
  const std::string at = "spec.parameters.";
  if (scope != kScopes[0] && scope != kScopes[1]) {
    errors.notSupported(at + "scope", scope, kScopes);
  } else if (scope == "Namespace" && !hasNamespace) {
    errors.required(at + "namespace", "`parameters.scope` is set to 'Namespace'");
  } else if (scope == "Cluster" && hasNamespace) {
    errors.forbidden(at + "namespace", "`parameters.scope` is set to 'Cluster'");
  }
}

void validateIngressClassUpdate(const json::object& now, const json::object& before,
                                FieldErrors& errors) {
  const std::string_view controller = text(now, {"spec", "controller"});
  if (controller != text(before, {"spec", "controller"})) {
    errors.invalid("spec.controller", json::string(controller), kImmutable);
  }
}

}  // namespace hitless::kube
