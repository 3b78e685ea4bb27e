#include "core/kube/patch.h"

namespace hitless::kube {

void applyMergePatch(json::value& document, const json::value& patch) {
  const json::object* changes = patch.if_object();
  if (changes == nullptr) {
    document = patch;
    return;
  }
  if (!document.is_object()) {
    document = json::object{};
  }
  json::object& target = document.get_object();
  for (const auto& [key, value] : *changes) {
    if (value.is_null()) {
      target.erase(key);
    } else {
      applyMergePatch(target[key], value);
    }
  }
}

}  // namespace hitless::kube
