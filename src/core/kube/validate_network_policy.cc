#include <fmt/format.h>

#include "base/ip.h"
#include "base/text.h"
#include "core/kube/each.h"
#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

/// pkg/apis/networking/validation of Kubernetes; single values are checked by the schema table.
namespace hitless::kube {
namespace {

constexpr std::string_view kNotACidr =
    "must be a valid CIDR value, (e.g. 10.9.8.7/24 or 2001:db8::/64)";
constexpr std::string_view kTypes[] = {"Ingress", "Egress"};

void validatePort(const json::object& port, const std::string& path, FieldErrors& errors) {
  const json::value* number = find(port, "port");
  if (number != nullptr && number->is_string() && number->get_string().empty()) {
    errors.invalid(path + ".port", *number, portNameError("").value_or("must not be empty"));
  }
  const auto last = optionalInteger(port, {"endPort"});
  if (!last) {
    return;
  }
  const std::string at = path + ".endPort";
  if (number == nullptr) {
    errors.invalid(at, *last, "may not be specified when `port` is not specified");
    return;
  }
  const std::int64_t* first = number->if_int64();
  if (first == nullptr) {
    errors.invalid(at, *last, "may not be specified when `port` is non-numeric");
    return;
  }
  if (*last < *first) {
    errors.invalid(at, *last, "must be greater than or equal to `port`");
  }
  if (*last < 1 || *last > 65535) {
    errors.invalid(at, *last, "must be between 1 and 65535, inclusive");
  }
}

std::optional<Cidr> networkOf(const json::value& value, const std::string& path,
                              FieldErrors& errors) {
  const json::string* text = value.if_string();
  const auto network = Cidr::parse(text == nullptr ? std::string_view() : *text);
  if (!network) {
    errors.invalid(path, value, kNotACidr);
    return std::nullopt;
  }
  return network->masked();
}

void validateIpBlock(const json::object& block, const std::string& path, FieldErrors& errors) {
  const json::value* text = find(block, "cidr");
  if (text == nullptr || *text == json::value("")) {
    return;  // The schema requires it.
  }
  const auto network = networkOf(*text, path + ".cidr", errors);
  const json::array* except = findArray(block, {"except"});
  for (std::size_t i = 0; network && except != nullptr && i < except->size(); ++i) {
    const std::string at = fmt::format("{}.except[{}]", path, i);
    const auto inner = networkOf((*except)[i], at, errors);
    if (inner && (!network->contains(inner->address) || network->length >= inner->length)) {
      errors.invalid(at, (*except)[i], "must be a strict subset of `cidr`");
    }
  }
}

void validatePeer(const json::object& peer, const std::string& path, FieldErrors& errors) {
  int selectors = 0;
  for (const std::string_view field : {"podSelector", "namespaceSelector"}) {
    if (const json::object* selector = findObject(peer, {field})) {
      ++selectors;
      validateSelector(*selector, fmt::format("{}.{}", path, field), errors);
    }
  }
  const json::object* block = findObject(peer, {"ipBlock"});
  if (block != nullptr) {
    validateIpBlock(*block, path + ".ipBlock", errors);
  }
  if (block == nullptr && selectors == 0) {
    errors.required(path, "must specify a peer");
  } else if (block != nullptr && selectors > 0) {
    errors.forbidden(path, "may not specify both ipBlock and another peer");
  }
}

void validateRules(const json::object& spec, std::string_view rules, std::string_view peers,
                   FieldErrors& errors) {
  eachObject(spec, rules, "spec", [&](const json::object& rule, const std::string& path) {
    eachObject(rule, "ports", path, [&](const json::object& port, const std::string& at) {
      validatePort(port, at, errors);
    });
    eachObject(rule, peers, path, [&](const json::object& peer, const std::string& at) {
      validatePeer(peer, at, errors);
    });
  });
}

void validateTypes(const json::object& spec, FieldErrors& errors) {
  const json::array* types = findArray(spec, {"policyTypes"});
  std::vector<std::string> given;
  for (const json::value& type : types == nullptr ? json::array{} : *types) {
    given.emplace_back(type.is_string() ? std::string(type.get_string()) : std::string());
  }
  if (given.size() > std::size(kTypes)) {
    errors.invalidText("spec.policyTypes",
                       fmt::format("[]networking.PolicyType{{\"{}\"}}", join(given, "\", \"")),
                       "may not specify more than two policyTypes");
    return;
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] != kTypes[0] && given[i] != kTypes[1]) {
      errors.notSupported(fmt::format("spec.policyTypes[{}]", i), given[i], kTypes);
    }
  }
}

}  // namespace

void validateNetworkPolicy(const json::object& policy, FieldErrors& errors) {
  const json::object* spec = findObject(policy, {"spec"});
  if (spec == nullptr) {
    return;
  }
  if (const json::object* selector = findObject(*spec, {"podSelector"})) {
    validateSelector(*selector, "spec.podSelector", errors);
  }
  validateRules(*spec, "ingress", "from", errors);
  validateRules(*spec, "egress", "to", errors);
  validateTypes(*spec, errors);
}

}  // namespace hitless::kube
