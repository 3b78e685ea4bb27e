#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/selector.h"

namespace hitless::kube {
namespace {

/// A field that a kind of the core group can be selected by, beside its name and namespace.
struct Selectable {
  std::string_view kind;
  std::string_view field;
};

constexpr Selectable kSelectables[] = {
    {"Pod", "spec.nodeName"},
    {"Pod", "spec.restartPolicy"},
    {"Pod", "spec.schedulerName"},
    {"Pod", "spec.serviceAccountName"},
    {"Pod", "spec.hostNetwork"},
    {"Pod", "status.phase"},
    {"Pod", "status.podIP"},
    {"Pod", "status.nominatedNodeName"},
    {"Event", "involvedObject.kind"},
    {"Event", "involvedObject.namespace"},
    {"Event", "involvedObject.name"},
    {"Event", "involvedObject.uid"},
    {"Event", "involvedObject.apiVersion"},
    {"Event", "involvedObject.resourceVersion"},
    {"Event", "involvedObject.fieldPath"},
    {"Event", "reason"},
    {"Event", "reportingComponent"},
    {"Event", "source"},
    {"Event", "type"},
    {"Node", "spec.unschedulable"},
    {"Namespace", "status.phase"},
    {"Secret", "type"},
    {"Service", "spec.clusterIP"},
    {"Service", "spec.type"},
};

Status checkField(const Resource& resource, const std::string& field) {
  if (field == "metadata.name" || field == "metadata.namespace") {
    return {};
  }
  bool ownFields = false;
  for (const Selectable& row : kSelectables) {
    if (resource.group.empty() && row.kind == resource.kind) {
      ownFields = true;
      if (row.field == field) {
        return {};
      }
    }
  }
  if (ownFields) {
    return invalid("field label not supported: " + field);
  }
  return invalid(fmt::format(
      "\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
      field));
}

/// Splits at commas that no backslash escapes.
std::vector<std::string> splitTerms(std::string_view text) {
  std::vector<std::string> terms(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      terms.back() += text[i];
      terms.back() += text[++i];
    } else if (text[i] == ',') {
      terms.emplace_back();
    } else {
      terms.back() += text[i];
    }
  }
  return terms;
}

/// Undoes the escapes \\ \, and \= of a value.
Result<std::string> unescape(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\') {
      const char next = i + 1 < value.size() ? value[i + 1] : '\0';
      if (next != '\\' && next != ',' && next != '=') {
        return invalid(fmt::format("invalid field selector: invalid escape sequence: \\{}",
                                   next == '\0' ? std::string() : std::string(1, next)));
      }
      ++i;
    } else if (value[i] == '=') {
      return invalid(fmt::format("invalid field selector: unescaped '=' in value: {}", value));
    }
    out += value[i];
  }
  return out;
}

std::string valueOf(const json::object& object, std::string_view field) {
  if (field == "source") {
    const std::string_view component = text(object, {"source", "component"});
    return std::string(component.empty() ? text(object, {"reportingComponent"}) : component);
  }
  const json::object* level = &object;
  const json::value* value = nullptr;
  for (const std::string_view key : split(field, '.')) {
    value = level == nullptr ? nullptr : find(*level, key);
    level = value == nullptr ? nullptr : value->if_object();
  }
  if (value != nullptr && value->is_string()) {
    return std::string(value->get_string());
  }
  const bool flag = field == "spec.hostNetwork" || field == "spec.unschedulable";
  return !flag ? "" : value != nullptr && value->is_bool() && value->get_bool() ? "true" : "false";
}

}  // namespace

bool FieldSelector::matches(const json::object& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return (valueOf(object, term.field) == term.value) == term.equal;
  });
}

std::optional<std::string_view> FieldSelector::exact(std::string_view field) const {
  for (const Term& term : terms_) {
    if (term.equal && term.field == field) {
      return term.value;
    }
  }
  return std::nullopt;
}

Result<FieldSelector> parseFieldSelector(const Resource& resource, std::string_view text) {
  std::vector<FieldSelector::Term> terms;
  for (const std::string& part : splitTerms(text)) {
    if (part.empty()) {
      continue;
    }
    const std::size_t at = part.find('=');
    if (at == std::string::npos || at == 0) {
      return invalid(fmt::format("invalid selector: '{}'; can't understand '{}'", text, part));
    }
    FieldSelector::Term term;
    term.equal = part[at - 1] != '!';
    term.field = part.substr(0, term.equal ? at : at - 1);
    const bool twice = term.equal && at + 1 < part.size() && part[at + 1] == '=';
    term.value = TRY(unescape(std::string_view(part).substr(at + (twice ? 2 : 1))));
    TRY_VOID(checkField(resource, term.field));
    terms.push_back(std::move(term));
  }
  return FieldSelector(std::move(terms));
}

}  // namespace hitless::kube
