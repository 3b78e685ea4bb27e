#include <fmt/format.h>

#include "core/kube/schema.h"
#include "core/kube/validation.h"

namespace hitless::kube {
namespace {

using schema::Field;
using schema::Message;
using schema::Scalar;
using schema::Shape;

/// Calls `visit(message, object, path)` for every message in the document, outermost first.
/// Object is json::object or const json::object.
template <class Object, class Visit>
void walk(const Message& message, Object& object, const std::string& path, Visit& visit) {
  visit(message, object, path);
  for (auto& entry : object) {
    const Field* field = message.find(entry.key());
    if (field == nullptr || field->scalar != Scalar::kMessage) {
      continue;
    }
    const std::string here =
        path.empty() ? std::string(entry.key()) : fmt::format("{}.{}", path, entry.key());
    if (auto* child = entry.value().if_object(); child && field->shape == Shape::kOne) {
      walk(*field->message, *child, here, visit);
    } else if (auto* list = entry.value().if_array(); list && field->shape == Shape::kList) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        if (auto* item = (*list)[i].if_object()) {
          walk(*field->message, *item, fmt::format("{}[{}]", here, i), visit);
        }
      }
    }
  }
}

}  // namespace

std::vector<std::string> unknownFields(const Resource& resource, const json::object& object) {
  std::vector<std::string> unknown;
  const auto collect = [&](const Message& message, const json::object& level,
                           const std::string& path) {
    for (const auto& entry : level) {
      if (message.find(entry.key()) == nullptr) {
        unknown.push_back(path.empty() ? std::string(entry.key())
                                       : fmt::format("{}.{}", path, entry.key()));
      }
    }
  };
  walk(schema::messageOf(resource), object, "", collect);
  return unknown;
}

void pruneUnknown(const Resource& resource, json::object& object) {
  const auto prune = [](const Message& message, json::object& level, const std::string&) {
    for (auto it = level.begin(); it != level.end();) {
      it = message.find(it->key()) == nullptr ? level.erase(it) : std::next(it);
    }
  };
  walk(schema::messageOf(resource), object, "", prune);
}

}  // namespace hitless::kube
