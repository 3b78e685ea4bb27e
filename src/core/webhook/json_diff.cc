#include "core/webhook/json_diff.h"

#include <algorithm>
#include <string>

namespace hitless::webhook {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

/// RFC 6901 3: ~ and / have escapes of their own.
std::string pointer(const std::string& parent, std::string_view key) {
  std::string path = parent + "/";
  for (const char c : key) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
  return path;
}

void compare(const std::string& path, const value& before, const value& after, array& patch);

void compareObjects(const std::string& path, const object& before, const object& after,
                    array& patch) {
  for (const auto& [key, old] : before) {
    if (!after.contains(key)) {
      patch.push_back(object{{"op", "remove"}, {"path", pointer(path, key)}});
    }
  }
  for (const auto& [key, fresh] : after) {
    const std::string at = pointer(path, key);
    if (const value* old = before.if_contains(key)) {
      compare(at, *old, fresh, patch);
    } else {
      patch.push_back(object{{"op", "add"}, {"path", at}, {"value", fresh}});
    }
  }
}

void compareArrays(const std::string& path, const array& before, const array& after, array& patch) {
  const std::size_t common = std::min(before.size(), after.size());
  for (std::size_t i = 0; i < common; ++i) {
    compare(pointer(path, std::to_string(i)), before[i], after[i], patch);
  }
  for (std::size_t i = before.size(); i > common; --i) {
    patch.push_back(object{{"op", "remove"}, {"path", pointer(path, std::to_string(i - 1))}});
  }
  for (std::size_t i = common; i < after.size(); ++i) {
    patch.push_back(object{{"op", "add"}, {"path", pointer(path, "-")}, {"value", after[i]}});
  }
}

void compare(const std::string& path, const value& before, const value& after, array& patch) {
  if (before.is_object() && after.is_object()) {
    compareObjects(path, before.get_object(), after.get_object(), patch);
  } else if (before.is_array() && after.is_array()) {
    compareArrays(path, before.get_array(), after.get_array(), patch);
  } else if (before != after) {
    patch.push_back(object{{"op", "replace"}, {"path", path}, {"value", after}});
  }
}

}  // namespace

array patchBetween(const value& before, const value& after) {
  array patch;
  compare("", before, after, patch);
  return patch;
}

}  // namespace hitless::webhook
