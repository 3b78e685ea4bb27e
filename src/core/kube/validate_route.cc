#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/kube/gateway_checks.h"
#include "core/kube/validation_rules.h"

/// The rules that the custom resource definitions of Gateway API v1.2 have for routes, in the words
/// of their expressions.
namespace hitless::kube {
namespace {

constexpr std::string_view kGateway = "Gateway";

void broken(const std::string& path, std::string_view message, FieldErrors& errors) {
  errors.invalidText(path, kCelObject, message);
}

/// Which field belongs to which type of filter.
struct FilterKind {
  std::string_view type;
  std::string_view field;
  bool once;  ///< At most one of the type in a list.
};
constexpr FilterKind kFilters[] = {
    {"RequestHeaderModifier", "requestHeaderModifier", true},
    {"ResponseHeaderModifier", "responseHeaderModifier", true},
    {"RequestMirror", "requestMirror", false},
    {"RequestRedirect", "requestRedirect", true},
    {"URLRewrite", "urlRewrite", true},
    {"ExtensionRef", "extensionRef", false},
};

void validateHeaders(const json::object& modifier, const std::string& path, FieldErrors& errors) {
  for (const std::string_view list : {"set", "add"}) {
    checkSize(modifier, list, path, 0, 16, errors);
    eachObject(modifier, list, path, [&](const json::object& header, const std::string& at) {
      checkPattern(header, "name", at, isHeaderName, kHeaderNamePattern, errors);
      checkLength(header, "name", at, 256, errors);
      checkLength(header, "value", at, 4096, errors);
    });
  }
  checkSize(modifier, "remove", path, 0, 16, errors);
}

void validatePathModifier(const json::object& modifier, const std::string& path,
                          FieldErrors& errors) {
  const std::string_view type = text(modifier, {"type"});
  for (const auto& [name, field] : {std::pair{"ReplaceFullPath", "replaceFullPath"},
                                    std::pair{"ReplacePrefixMatch", "replacePrefixMatch"}}) {
    const bool there = find(modifier, field) != nullptr;
    if (type == name && !there) {
      broken(path, fmt::format("{} must be specified when type is set to '{}'", field, name),
             errors);
    } else if (type != name && there) {
      broken(path, fmt::format("type must be '{}' when {} is set", name, field), errors);
    }
    checkLength(modifier, field, path, 1024, errors);
  }
}

void validateRedirect(const json::object& redirect, const std::string& path, FieldErrors& errors) {
  checkHostname(redirect, "hostname", path, false, errors);
  checkRange(redirect, "port", path, 1, 65535, errors);
  const std::int64_t status = integer(redirect, {"statusCode"}, 302);
  if (status != 301 && status != 302) {
    constexpr std::string_view kAllowed[] = {"301", "302"};
    errors.notSupported(path + ".statusCode", std::to_string(status), kAllowed);
  }
}

void validateFilter(const json::object& filter, const std::string& path, FieldErrors& errors) {
  const std::string_view type = text(filter, {"type"});
  for (const FilterKind& kind : kFilters) {
    const json::object* value = findObject(filter, {kind.field});
    if (type == kind.type && value == nullptr) {
      broken(path, fmt::format("filter.{} must be specified for {} filter.type", kind.field, type),
             errors);
    } else if (type != kind.type && value != nullptr) {
      broken(
          path,
          fmt::format("filter.{} must be nil if the filter.type is not {}", kind.field, kind.type),
          errors);
    }
    if (value == nullptr) {
      continue;
    }
    const std::string at = fmt::format("{}.{}", path, kind.field);
    if (kind.field.ends_with("HeaderModifier")) {
      validateHeaders(*value, at, errors);
    } else if (kind.field == "requestRedirect") {
      validateRedirect(*value, at, errors);
    } else if (kind.field == "urlRewrite") {
      checkHostname(*value, "hostname", at, false, errors);
    }
    if (const json::object* modifier = findObject(*value, {"path"})) {
      validatePathModifier(*modifier, at + ".path", errors);
    }
  }
}

std::size_t countOf(const json::object& parent, std::string_view type) {
  std::size_t count = 0;
  eachObject(parent, "filters", "", [&](const json::object& filter, const std::string&) {
    count += text(filter, {"type"}) == type ? 1 : 0;
  });
  return count;
}

bool hasPrefixEdit(const json::object& parent, std::string_view field) {
  bool found = false;
  eachObject(parent, "filters", "", [&](const json::object& filter, const std::string&) {
    found = found || text(filter, {field, "path", "type"}) == "ReplacePrefixMatch";
  });
  return found;
}

void validateFilters(const json::object& parent, const std::string& path, FieldErrors& errors) {
  checkSize(parent, "filters", path, 0, 16, errors);
  eachObject(parent, "filters", path, [&](const json::object& filter, const std::string& at) {
    validateFilter(filter, at, errors);
  });
  const std::string at = path + ".filters";
  for (const FilterKind& kind : kFilters) {
    if (kind.once && countOf(parent, kind.type) > 1) {
      errors.invalidText(at, kCelArray, fmt::format("{} filter cannot be repeated", kind.type));
    }
  }
  if (countOf(parent, "RequestRedirect") > 0 && countOf(parent, "URLRewrite") > 0) {
    errors.invalidText(at, kCelArray,
                       "May specify either httpRouteFilterRequestRedirect or "
                       "httpRouteFilterRequestRewrite, but not both");
  }
}

void validateBackend(const json::object& backend, const std::string& path, FieldErrors& errors) {
  const bool service = text(backend, {"group"}).empty() && text(backend, {"kind"}) == "Service";
  if (service && find(backend, "port") == nullptr) {
    broken(path, "Must have port for Service reference", errors);
  }
  checkRange(backend, "port", path, 1, 65535, errors);
  checkRange(backend, "weight", path, 0, 1'000'000, errors);
  checkLength(backend, "name", path, 253, errors);
  validateFilters(backend, path, errors);
}

void validateHeaderMatches(const json::object& match, const std::string& path,
                           FieldErrors& errors) {
  for (const std::string_view list : {"headers", "queryParams"}) {
    checkSize(match, list, path, 0, 16, errors);
    eachObject(match, list, path, [&](const json::object& item, const std::string& at) {
      checkPattern(item, "name", at, isHeaderName, kHeaderNamePattern, errors);
      checkLength(item, "name", at, 256, errors);
      checkLength(item, "value", at, list == "headers" ? 4096 : 1024, errors);
    });
  }
}

void validatePath(const json::object& path, const std::string& at, FieldErrors& errors) {
  const std::string_view type = text(path, {"type"});
  const std::string_view value = text(path, {"value"});
  checkLength(path, "value", at, 1024, errors);
  if (type != "Exact" && type != "PathPrefix") {
    return;
  }
  constexpr std::string_view kWhere = "when type one of ['Exact', 'PathPrefix']";
  if (!value.starts_with('/')) {
    broken(at, fmt::format("value must be an absolute path and start with '/' {}", kWhere), errors);
  }
  for (const std::string_view part : {"//", "/./", "/../", "%2f", "%2F", "#"}) {
    if (value.find(part) != std::string_view::npos) {
      broken(at, fmt::format("must not contain '{}' {}", part, kWhere), errors);
    }
  }
  for (const std::string_view end : {"/..", "/."}) {
    if (value.ends_with(end)) {
      broken(at, fmt::format("must not end with '{}' {}", end, kWhere), errors);
    }
  }
}

void validateTimeouts(const json::object& timeouts, const std::string& path, FieldErrors& errors) {
  for (const std::string_view field : {"request", "backendRequest"}) {
    checkPattern(
        timeouts, field, path,
        [](std::string_view text) { return gatewayDuration(text).has_value(); },
        "^([0-9]{1,5}(h|m|s|ms)){1,4}$", errors);
  }
  const auto request = gatewayDuration(text(timeouts, {"request"}));
  const auto backend = gatewayDuration(text(timeouts, {"backendRequest"}));
  if (request && backend && request->count() != 0 && *backend > *request) {
    broken(path, "backendRequest timeout cannot be longer than request timeout", errors);
  }
}

/// A prefix can only be replaced where there is exactly one that has matched.
void validatePrefixEdits(const json::object& rule, const std::string& path, FieldErrors& errors) {
  const json::array* matches = findArray(rule, {"matches"});
  const json::object* only =
      matches != nullptr && matches->size() == 1 ? matches->front().if_object() : nullptr;
  if (only != nullptr && text(*only, {"path", "type"}) == "PathPrefix") {
    return;
  }
  for (const auto& [name, field] :
       {std::pair{"RequestRedirect", "requestRedirect"}, std::pair{"URLRewrite", "urlRewrite"}}) {
    if (hasPrefixEdit(rule, field)) {
      broken(
          path,
          fmt::format("When using {} filter with path.replacePrefixMatch, exactly one PathPrefix "
                      "match must be specified",
                      name),
          errors);
    }
  }
}

void validateMethod(const json::object& match, const std::string& path, FieldErrors& errors) {
  const json::object* method = findObject(match, {"method"});
  if (method != nullptr && text(*method, {"service"}).empty() &&
      text(*method, {"method"}).empty()) {
    broken(path + ".method", "One or both of 'service' or 'method' must be specified", errors);
  }
}

void validateRule(const json::object& rule, const std::string& path, FieldErrors& errors) {
  checkSize(rule, "matches", path, 0, 64, errors);
  eachObject(rule, "matches", path, [&](const json::object& match, const std::string& at) {
    if (const json::object* value = findObject(match, {"path"})) {
      validatePath(*value, at + ".path", errors);
    }
    validateMethod(match, at, errors);
    validateHeaderMatches(match, at, errors);
  });
  validateFilters(rule, path, errors);
  checkSize(rule, "backendRefs", path, 0, 16, errors);
  eachObject(rule, "backendRefs", path, [&](const json::object& backend, const std::string& at) {
    validateBackend(backend, at, errors);
  });
  const json::array* backends = findArray(rule, {"backendRefs"});
  if (backends != nullptr && !backends->empty() && countOf(rule, "RequestRedirect") > 0) {
    broken(path, "RequestRedirect filter must not be used together with backendRefs", errors);
  }
  validatePrefixEdits(rule, path, errors);
  if (const json::object* timeouts = findObject(rule, {"timeouts"})) {
    validateTimeouts(*timeouts, path + ".timeouts", errors);
  }
}

void validateParents(const json::object& spec, FieldErrors& errors) {
  using Parent = std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
  std::map<Parent, std::vector<std::string_view>> sections;
  checkSize(spec, "parentRefs", "spec", 0, 32, errors);
  eachObject(spec, "parentRefs", "spec", [&](const json::object& ref, const std::string& path) {
    checkSectionName(ref, "sectionName", path, errors);
    checkRange(ref, "port", path, 1, 65535, errors);
    sections[{text(ref, {"group"}), text(ref, {"kind"}, kGateway), text(ref, {"namespace"}),
              text(ref, {"name"})}]
        .push_back(text(ref, {"sectionName"}));
  });
  for (auto& [parent, names] : sections) {
    std::sort(names.begin(), names.end());
    if (names.size() > 1 && names.front().empty()) {
      errors.invalidText("spec.parentRefs", kCelArray,
                         "sectionName must be specified when parentRefs includes 2 or more "
                         "references to the same parent");
    } else if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
      errors.invalidText("spec.parentRefs", kCelArray,
                         "sectionName must be unique when parentRefs includes 2 or more references "
                         "to the same parent");
    }
  }
}

}  // namespace

void validateRoute(const json::object& route, FieldErrors& errors) {
  const json::object* spec = findObject(route, {"spec"});
  if (spec == nullptr) {
    return;
  }
  validateParents(*spec, errors);
  checkSize(*spec, "hostnames", "spec", 0, 16, errors);
  checkHostnames(*spec, "hostnames", "spec", errors);
  checkSize(*spec, "rules", "spec", 0, 16, errors);
  eachObject(*spec, "rules", "spec", [&](const json::object& rule, const std::string& path) {
    validateRule(rule, path, errors);
  });
}

}  // namespace hitless::kube
