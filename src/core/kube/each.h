#pragma once

#include <fmt/format.h>

#include <string>

#include "core/kube/json.h"

namespace hitless::kube {

/// Calls each(object, "PATH.key[i]") for every object in the list `key` of `parent`; skips
/// whatever else is in it.
template <class F>
void eachObject(const json::object& parent, std::string_view key, const std::string& path, F each) {
  const json::value* value = find(parent, key);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::object* object = (*list)[i].if_object()) {
      each(*object, fmt::format("{}{}{}[{}]", path, path.empty() ? "" : ".", key, i));
    }
  }
}

}  // namespace hitless::kube
