#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "core/nft/ruleset.h"

namespace hitless::rules {

/// How many elements a table has, followed from change to change at the cost of the change.
class ElementCount {
 public:
  std::size_t total() const { return total_; }

  void startWith(const nft::Ruleset& all) {
    sizes_.clear();
    total_ = 0;
    follow({}, all);
  }

  /// Both sides name the same sets, with the elements that change, but for sets that come or go.
  void follow(const nft::Ruleset& before, const nft::Ruleset& after) {
    for (const auto& [name, set] : before.sets) {
      std::size_t& size = sizes_[name];
      const bool stays = after.sets.contains(name);
      const std::size_t fewer = stays ? set.elements.size() : size;
      size -= fewer;
      total_ -= fewer;
      if (!stays) {
        sizes_.erase(name);
      }
    }
    for (const auto& [name, set] : after.sets) {
      sizes_[name] += set.elements.size();
      total_ += set.elements.size();
    }
  }

 private:
  std::unordered_map<std::string, std::size_t> sizes_;  ///< Of sets and maps, by name.
  std::size_t total_ = 0;
};

}  // namespace hitless::rules
