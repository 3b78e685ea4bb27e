#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hitless::proxy {

/// A request's target as the admin endpoint reads it: "/stats?usedonly&filter=a%2Bb". A plus sign
/// is one: regular expressions have it.
struct AdminTarget {
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;

  static AdminTarget parse(std::string_view target);
  bool has(std::string_view name) const { return find(name).has_value(); }
  /// The first of this name; "" if it has no value.
  std::optional<std::string_view> find(std::string_view name) const;
};

}  // namespace hitless::proxy
