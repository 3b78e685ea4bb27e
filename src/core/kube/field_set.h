#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/kube/json.h"

namespace hitless::kube {

/// A set of paths in an object, as a tree: what FieldsV1 encodes. Path elements are "f:NAME",
/// `k:{"name":"c"}` (list item by key), `v:"x"` (set item by value) and "i:3" (by index).
struct FieldSet {
  bool member = false;  ///< The path that leads here is in the set itself.
  std::map<std::string, FieldSet, std::less<>> children;

  /// Reads FieldsV1; whatever is malformed is left out.
  static FieldSet fromJson(const json::object& fields);
  json::object toJson() const;

  bool empty() const;
  /// The subtree below one element, or nullptr.
  const FieldSet* find(std::string_view element) const;
  void add(const FieldSet& other);
  void subtract(const FieldSet& other);
  FieldSet intersect(const FieldSet& other) const;
  /// Every path that is a member, in the API server's notation: `.spec.containers[name="c"].image`.
  std::vector<std::string> paths() const;

  bool operator==(const FieldSet&) const = default;
};

}  // namespace hitless::kube
