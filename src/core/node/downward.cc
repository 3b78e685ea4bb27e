#include "core/node/downward.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace hitless::node {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
};

constexpr Suffix kSuffixes[] = {
    {"Ki", 1024.0},
    {"Mi", 1024.0 * 1024},
    {"Gi", 1024.0 * 1024 * 1024},
    {"Ti", 1024.0 * 1024 * 1024 * 1024},
    {"Pi", 1024.0 * 1024 * 1024 * 1024 * 1024},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"", 1.0},
};

/// The key of metadata.labels['key'], or nullopt if the path is not of that map.
std::optional<std::string> subscript(std::string_view path, std::string_view map) {
  if (!path.starts_with(map)) {
    return std::nullopt;
  }
  path.remove_prefix(map.size());
  if (path.size() < 4 || !path.starts_with("['") || !path.ends_with("']")) {
    return std::nullopt;
  }
  return std::string(path.substr(2, path.size() - 4));
}

std::string valueAt(const kube::Labels& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

/// key="value" lines, as volumes show whole maps. Values are quoted as Go's %q does for plain text.
std::string mapText(const kube::Labels& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    std::string quoted;
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        quoted.push_back('\\');
      }
      if (c == '\n') {
        quoted += "\\n";
      } else {
        quoted.push_back(c);
      }
    }
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : "\n", key, quoted);
  }
  return out;
}

struct PlainField {
  std::string_view path;
  std::string (*value)(const PodSpec&, const PodFacts&);
};

constexpr PlainField kPlainFields[] = {
    {"metadata.name", [](const PodSpec& spec, const PodFacts&) { return spec.name; }},
    {"metadata.namespace", [](const PodSpec& spec, const PodFacts&) { return spec.ns; }},
    {"metadata.uid", [](const PodSpec& spec, const PodFacts&) { return spec.uid; }},
    {"metadata.labels", [](const PodSpec& spec, const PodFacts&) { return mapText(spec.labels); }},
    {"metadata.annotations",
     [](const PodSpec& spec, const PodFacts&) { return mapText(spec.annotations); }},
    {"spec.nodeName", [](const PodSpec& spec, const PodFacts&) { return spec.nodeName; }},
    {"spec.serviceAccountName",
     [](const PodSpec& spec, const PodFacts&) { return spec.serviceAccount; }},
    {"status.podIP", [](const PodSpec&, const PodFacts& facts) { return facts.podIP; }},
    {"status.podIPs", [](const PodSpec&, const PodFacts& facts) { return facts.podIP; }},
    {"status.hostIP", [](const PodSpec&, const PodFacts& facts) { return facts.hostIP; }},
    {"status.hostIPs", [](const PodSpec&, const PodFacts& facts) { return facts.hostIP; }},
};

const ContainerSpec* findContainer(const PodSpec& spec, std::string_view name) {
  for (const auto* containers : {&spec.initContainers, &spec.containers}) {
    for (const ContainerSpec& container : *containers) {
      if (container.name == name) {
        return &container;
      }
    }
  }
  return nullptr;
}

/// In thousandths: the limit or request, a limit that is missing being what the node has.
std::int64_t amountMilli(const ContainerSpec& container, const PodFacts& facts, bool limit,
                         const std::string& resource) {
  const Quantities& map = limit ? container.limits : container.requests;
  if (const auto it = map.find(resource); it != map.end()) {
    return parseQuantityMilli(it->second).value_or(0);
  }
  if (!limit) {
    return 0;
  }
  if (resource == "cpu") {
    return facts.nodeCpus * 1000;
  }
  return resource == "memory" ? facts.nodeMemoryBytes * 1000 : 0;
}

}  // namespace

std::optional<std::int64_t> parseQuantityMilli(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double number = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str()) {
    return std::nullopt;
  }
  const std::string_view rest(end);
  for (const Suffix& suffix : kSuffixes) {
    if (rest == suffix.text) {
      const double milli = std::ceil(number * suffix.factor * 1000.0 - 1e-9);
      const bool fits = std::isfinite(milli) && std::abs(milli) < 9e18;
      return fits ? std::optional(static_cast<std::int64_t>(milli)) : std::nullopt;
    }
  }
  return std::nullopt;
}

Result<std::string> fieldValue(const PodSpec& spec, const PodFacts& facts, const FieldRef& ref) {
  for (const PlainField& field : kPlainFields) {
    if (field.path == ref.path) {
      return field.value(spec, facts);
    }
  }
  if (const auto key = subscript(ref.path, "metadata.labels")) {
    return valueAt(spec.labels, *key);
  }
  if (const auto key = subscript(ref.path, "metadata.annotations")) {
    return valueAt(spec.annotations, *key);
  }
  return invalid(fmt::format("unsupported fieldPath: {}", ref.path));
}

Result<std::string> resourceValue(const PodSpec& spec, const PodFacts& facts,
                                  std::string_view container, const ResourceFieldRef& ref) {
  const std::string_view name = ref.container.empty() ? container : ref.container;
  const ContainerSpec* found = findContainer(spec, name);
  if (found == nullptr) {
    return invalid(fmt::format("container {} not found", name));
  }
  const bool limit = ref.resource.starts_with("limits.");
  if (!limit && !ref.resource.starts_with("requests.")) {
    return invalid(fmt::format("unsupported container resource : {}", ref.resource));
  }
  const std::string resource = ref.resource.substr(ref.resource.find('.') + 1);
  const std::int64_t divisor =
      parseQuantityMilli(ref.divisor.empty() ? "1" : ref.divisor).value_or(1000);
  const std::int64_t step = divisor <= 0 ? 1000 : divisor;
  const std::int64_t amount = amountMilli(*found, facts, limit, resource);
  return std::to_string(amount / step + (amount % step > 0 ? 1 : 0));
}

}  // namespace hitless::node
