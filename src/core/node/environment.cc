#include "core/node/environment.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::node {
namespace {

void set(Environment& environment, std::string name, std::string value) {
  const auto it = std::find_if(environment.begin(), environment.end(),
                               [&name](const auto& entry) { return entry.first == name; });
  if (it != environment.end()) {
    it->second = std::move(value);
  } else {
    environment.emplace_back(std::move(name), std::move(value));
  }
}

/// C_IDENTIFIER with the dots and dashes that the API also allows.
bool isVariableName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), fits);
}

Status addFrom(const EnvFrom& from, const Sources& sources, Environment& out) {
  const auto it = sources.found.find(from.source);
  if (it == sources.found.end()) {
    return from.optional ? Status()
                         : fail(ErrorKind::kNotFound, describe(from.source) + " not found");
  }
  for (const auto& [key, value] : it->second) {
    // Keys that are no variable names are left out, as kubelet does.
    if (isVariableName(from.prefix + key)) {
      set(out, from.prefix + key, value);
    }
  }
  return {};
}

/// Nullopt if the source is optional and missing: the variable is then not set at all.
Result<std::optional<std::string>> keyValue(const KeyRef& ref, const Sources& sources) {
  const auto source = sources.found.find(ref.source);
  if (source == sources.found.end()) {
    if (ref.optional) {
      return std::optional<std::string>();
    }
    return fail(ErrorKind::kNotFound, describe(ref.source) + " not found");
  }
  const auto value = source->second.find(ref.key);
  if (value != source->second.end()) {
    return std::optional(value->second);
  }
  if (ref.optional) {
    return std::optional<std::string>();
  }
  return fail(ErrorKind::kNotFound,
              fmt::format("couldn't find key {} in {}", ref.key, describe(ref.source)));
}

}  // namespace

std::string expandVariables(std::string_view text, const Environment& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    if (text[i + 1] == '$') {
      out.push_back('$');
      ++i;
      continue;
    }
    const std::size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out.push_back('$');
      continue;
    }
    const std::string_view name = text.substr(i + 2, end - i - 2);
    const auto it = std::find_if(environment.begin(), environment.end(),
                                 [name](const auto& entry) { return entry.first == name; });
    out += it == environment.end() ? std::string(text.substr(i, end - i + 1)) : it->second;
    i = end;
  }
  return out;
}

Result<Environment> environmentOf(const PodSpec& spec, const ContainerSpec& container,
                                  const PodFacts& facts, const Sources& sources, Environment base) {
  Environment out = std::move(base);
  for (const EnvFrom& from : container.envFrom) {
    TRY_VOID(addFrom(from, sources, out));
  }
  for (const EnvVar& var : container.env) {
    if (const auto* text = std::get_if<std::string>(&var.value)) {
      set(out, var.name, expandVariables(*text, out));
    } else if (const auto* field = std::get_if<FieldRef>(&var.value)) {
      set(out, var.name, TRY(fieldValue(spec, facts, *field)));
    } else if (const auto* resource = std::get_if<ResourceFieldRef>(&var.value)) {
      set(out, var.name, TRY(resourceValue(spec, facts, container.name, *resource)));
    } else if (const auto* key = std::get_if<KeyRef>(&var.value)) {
      if (std::optional<std::string> value = TRY(keyValue(*key, sources))) {
        set(out, var.name, std::move(*value));
      }
    }
  }
  return out;
}

}  // namespace hitless::node
