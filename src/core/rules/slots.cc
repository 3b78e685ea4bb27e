#include "core/rules/slots.h"

#include <algorithm>
#include <optional>

namespace hitless::rules {
std::vector<service::Target> assignSlots(std::span<const service::Target> previous,
                                         std::span<const service::Target> wanted) {
  std::vector<service::Target> left(wanted.begin(), wanted.end());
  std::sort(left.begin(), left.end());
  left.erase(std::unique(left.begin(), left.end()), left.end());
  left.resize(std::min(left.size(), kMaxSlots));

  std::vector<bool> placed(left.size(), false);
  std::vector<std::optional<service::Target>> slots;
  for (const service::Target& target : previous) {
    const auto it = std::lower_bound(left.begin(), left.end(), target);
    const auto index = static_cast<std::size_t>(it - left.begin());
    const bool keep = it != left.end() && *it == target && !placed[index];
    slots.push_back(keep ? std::optional(target) : std::nullopt);
    if (keep) {
      placed[index] = true;
    }
  }
  std::vector<service::Target> fresh;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!placed[i]) {
      fresh.push_back(left[i]);
    }
  }
  auto next = fresh.begin();
  std::vector<service::Target> result;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (i < slots.size() && slots[i]) {
      result.push_back(*slots[i]);
      continue;
    }
    if (next != fresh.end()) {
      result.push_back(*next++);
      continue;
    }
    while (!slots.back()) {
      slots.pop_back();
    }
    result.push_back(*slots.back());
    slots.pop_back();
  }
  return result;
}

}  // namespace hitless::rules
