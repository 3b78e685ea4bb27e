#include "core/kube/field_errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/objects.h"

namespace hitless::kube {
namespace {

std::string quoted(std::string_view text) {
  return json::serialize(json::string(text));
}

std::string goStrings(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (const std::string& value : values) {
    parts.push_back(quoted(value));
  }
  return values.empty() ? "[]string(nil)" : "[]string{" + join(parts, ", ") + "}";
}

std::string goMap(const Labels& labels) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : labels) {
    parts.push_back(fmt::format("{}:{}", quoted(key), quoted(value)));
  }
  return labels.empty() ? "map[string]string(nil)" : "map[string]string{" + join(parts, ", ") + "}";
}

}  // namespace

std::string goText(const json::value& value) {
  if (const json::object* object = value.if_object()) {
    return goMap(labelsOf(object));
  }
  if (const json::array* array = value.if_array()) {
    std::vector<std::string> items;
    for (const json::value& item : *array) {
      items.emplace_back(item.is_string() ? std::string(item.get_string()) : json::serialize(item));
    }
    return goStrings(items);
  }
  return value.is_null() ? "null" : json::serialize(value);
}

std::string goSelector(const json::object& selector) {
  const LabelSelector parsed = labelSelectorOf(selector);
  std::vector<std::string> expressions;
  for (const auto& expression : parsed.matchExpressions) {
    expressions.push_back(
        fmt::format("v1.LabelSelectorRequirement{{Key:{}, Operator:{}, Values:{}}}",
                    quoted(expression.key), quoted(expression.op), goStrings(expression.values)));
  }
  const std::string list = "[]v1.LabelSelectorRequirement";
  return fmt::format(
      "v1.LabelSelector{{MatchLabels:{}, MatchExpressions:{}}}", goMap(parsed.matchLabels),
      expressions.empty() ? list + "(nil)" : list + "{" + join(expressions, ", ") + "}");
}

void FieldErrors::add(std::string_view reason, std::string field, std::string message) {
  errors_.push_back({std::string(reason), std::move(field), std::move(message)});
}

void FieldErrors::required(std::string field, std::string_view detail) {
  add("FieldValueRequired", std::move(field),
      detail.empty() ? "Required value" : fmt::format("Required value: {}", detail));
}

void FieldErrors::invalid(std::string field, const json::value& value, std::string_view detail) {
  invalidText(std::move(field), goText(value), detail);
}

void FieldErrors::invalidText(std::string field, std::string_view value, std::string_view detail) {
  add("FieldValueInvalid", std::move(field), fmt::format("Invalid value: {}: {}", value, detail));
}

void FieldErrors::notSupported(std::string field, std::string_view value,
                               std::span<const std::string_view> supported) {
  std::vector<std::string> names;
  for (const std::string_view name : supported) {
    if (!name.empty()) {
      names.push_back(quoted(name));
    }
  }
  std::sort(names.begin(), names.end());
  add("FieldValueNotSupported", std::move(field),
      fmt::format("Unsupported value: {}: supported values: {}", quoted(value), join(names, ", ")));
}

void FieldErrors::duplicate(std::string field, const json::value& value) {
  add("FieldValueDuplicate", std::move(field),
      fmt::format("Duplicate value: {}", json::serialize(value)));
}

void FieldErrors::forbidden(std::string field, std::string_view detail) {
  add("FieldValueForbidden", std::move(field), fmt::format("Forbidden: {}", detail));
}

void FieldErrors::notFound(std::string field, std::string_view value) {
  add("FieldValueNotFound", std::move(field), fmt::format("Not found: {}", quoted(value)));
}

void FieldErrors::tooLong(std::string field, std::size_t limit) {
  add("FieldValueTooLong", std::move(field),
      fmt::format("Too long: may not be more than {} bytes", limit));
}

void FieldErrors::tooMany(std::string field, std::size_t actual, std::size_t limit) {
  add("FieldValueTooMany", std::move(field),
      fmt::format("Too many: {}: must have at most {} items", actual, limit));
}

}  // namespace hitless::kube
