#include "core/watch/prune.h"

namespace hitless::watch {
namespace {

const std::vector<FieldPath>& readByNobody() {
  static const std::vector<FieldPath> paths{
      {"metadata", "managedFields"},
      {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"},
  };
  return paths;
}

void erase(kube::json::object& object, const FieldPath& path) {
  kube::json::object* level = &object;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const auto next = level->find(path[i]);
    level = next == level->end() ? nullptr : next->value().if_object();
    if (level == nullptr) {
      return;
    }
  }
  level->erase(path.back());
}

}  // namespace

void prune(kube::json::object& object, std::span<const FieldPath> unread) {
  for (const FieldPath& path : readByNobody()) {
    erase(object, path);
  }
  for (const FieldPath& path : unread) {
    erase(object, path);
  }
}

}  // namespace hitless::watch
