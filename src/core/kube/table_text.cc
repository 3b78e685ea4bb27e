#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "core/kube/objects.h"
#include "core/kube/table_kinds.h"

namespace hitless::kube {

json::string nameCell(const json::object& object) {
  return json::string(text(object, {"metadata", "name"}));
}

json::string ageCell(const json::object& object, WallTime now) {
  return json::string(sinceText(text(object, {"metadata", "creationTimestamp"}), now));
}

std::string sinceText(std::string_view timestamp, WallTime now) {
  const auto time = parseTime(timestamp);
  return time ? humanDuration(now - *time) : "<unknown>";
}

std::string labelsText(const json::object* labels) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : labelsOf(labels)) {
    parts.push_back(fmt::format("{}={}", key, value));
  }
  return parts.empty() ? "<none>" : join(parts, ",");
}

std::string selectorText(const json::object* selector) {
  const LabelSelector parsed = selector == nullptr ? LabelSelector{} : labelSelectorOf(*selector);
  std::multimap<std::string, std::string> parts;  // A label may have several conditions.
  for (const auto& [key, value] : parsed.matchLabels) {
    parts.emplace(key, fmt::format("{}={}", key, value));
  }
  for (const auto& [key, op, values] : parsed.matchExpressions) {
    std::vector<std::string> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    parts.emplace(key, op == "Exists" ? key
                       : op == "DoesNotExist"
                           ? "!" + key
                           : fmt::format("{} {} ({})", key, toLower(op), join(sorted, ",")));
  }
  std::vector<std::string> out;
  for (auto& [key, part] : parts) {
    out.push_back(std::move(part));
  }
  return out.empty() ? "<none>" : join(out, ",");
}

std::string firstThree(const std::vector<std::string>& items, std::string_view ifEmpty) {
  constexpr std::size_t kMost = 3;
  if (items.empty()) {
    return std::string(ifEmpty);
  }
  const std::size_t shown = std::min(items.size(), kMost);
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(shown);
  const std::string head = join(std::vector<std::string>(items.begin(), end), ",");
  return items.size() == shown ? head : fmt::format("{} + {} more...", head, items.size() - shown);
}

std::string orNone(std::string_view text) {
  return text.empty() ? "<none>" : std::string(text);
}

}  // namespace hitless::kube
