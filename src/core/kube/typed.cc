#include "core/kube/typed.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hitless::kube {
namespace {

using schema::Field;
using schema::ListType;
using schema::Message;
using schema::Scalar;
using schema::Shape;

Typed typeOfElement(const Message* message) {
  Typed type;
  if (message != nullptr && !message->atomic) {
    type.kind = Typed::Kind::kStruct;
    type.message = message;
  }
  return type;
}

/// `k:{"containerPort":80,"protocol":"TCP"}`: keys in alphabetical order, a missing one with its
/// default. Empty if the item has none of the keys.
std::string keyElement(const Field& list, const json::object& item) {
  std::vector<std::string_view> names;
  for (const std::string_view key : list.keys) {
    if (!key.empty()) {
      names.push_back(key);
    }
  }
  std::sort(names.begin(), names.end());
  json::object keys;
  bool any = false;
  for (const std::string_view name : names) {
    const json::value* value = find(item, name);
    const Field* field = list.message == nullptr ? nullptr : list.message->find(name);
    if (value != nullptr) {
      keys.emplace(name, *value);
      any = true;
    } else if (field != nullptr && field->hasDefault) {
      keys.emplace(name, json::string(field->defaultText));
    }
  }
  return any ? "k:" + json::serialize(keys) : std::string();
}

}  // namespace

std::vector<TypedChild> childrenOf(const Typed& type, const json::array& items) {
  std::vector<TypedChild> out;
  const bool keyed = type.kind == Typed::Kind::kKeyedList;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string element = keyed ? std::string() : "v:" + json::serialize(items[i]);
    if (const json::object* item = items[i].if_object(); keyed && item != nullptr) {
      element = keyElement(*type.field, *item);
    }
    // Live objects may hold what apply would refuse; such items are told apart by index.
    if (element.empty() || !seen.insert(element).second) {
      element = fmt::format("i:{}", i);
    }
    out.push_back({element, type.child(element), &items[i]});
  }
  return out;
}

namespace {

bool isEmpty(const json::value* value) {
  return value == nullptr || value->is_null() ||
         (value->is_object() && value->get_object().empty()) ||
         (value->is_array() && value->get_array().empty());
}

void compareInto(const Typed& type, const json::value* before, const json::value* after,
                 FieldSet& added, FieldSet& modified, FieldSet& removed);

void compareChildren(const std::vector<TypedChild>& left, const std::vector<TypedChild>& right,
                     FieldSet& added, FieldSet& modified, FieldSet& removed) {
  std::map<std::string_view, const json::value*> old;
  for (const TypedChild& child : left) {
    old.emplace(child.element, child.value);
  }
  const auto descend = [&](const TypedChild& child, const json::value* l, const json::value* r) {
    FieldSet a;
    FieldSet m;
    FieldSet d;
    compareInto(child.type, l, r, a, m, d);
    for (auto [part, whole] : {std::pair{&a, &added}, {&m, &modified}, {&d, &removed}}) {
      if (!part->empty()) {
        whole->children.emplace(child.element, std::move(*part));
      }
    }
  };
  for (const TypedChild& child : right) {
    const auto it = old.find(child.element);
    descend(child, it == old.end() ? nullptr : it->second, child.value);
    if (it != old.end()) {
      old.erase(it);
    }
  }
  for (const TypedChild& child : left) {
    if (old.contains(child.element)) {
      descend(child, child.value, nullptr);
    }
  }
}

void compareInto(const Typed& type, const json::value* before, const json::value* after,
                 FieldSet& added, FieldSet& modified, FieldSet& removed) {
  if (before != nullptr && after != nullptr && *before == *after) {
    return;
  }
  added.member = before == nullptr;
  removed.member = after == nullptr;
  const bool leaf = type.kind == Typed::Kind::kLeaf || (isEmpty(before) && isEmpty(after)) ||
                    (before != nullptr && !before->is_null() && !type.fits(*before)) ||
                    (after != nullptr && !after->is_null() && !type.fits(*after));
  if (leaf) {
    modified.member = before != nullptr && after != nullptr && *before != *after;
    return;
  }
  const auto children = [&](const json::value* value) {
    return value == nullptr ? std::vector<TypedChild>{} : childrenOf(type, *value);
  };
  compareChildren(children(before), children(after), added, modified, removed);
}

}  // namespace

Typed Typed::root(const Message& message) {
  return {Kind::kStruct, &message, nullptr};
}

Typed Typed::of(const Field& field) {
  if (field.scalar == Scalar::kAny) {
    return {};
  }
  switch (field.shape) {
    case Shape::kOne:
      return typeOfElement(field.message);
    case Shape::kMap:
      return field.atomic ? Typed{} : Typed{Kind::kMap, field.message, &field};
    case Shape::kList:
      break;
  }
  switch (field.listType) {
    case ListType::kSet:
      return {Kind::kSet, field.message, &field};
    case ListType::kMap:
      return {Kind::kKeyedList, field.message, &field};
    case ListType::kAtomic:
      break;
  }
  return {};
}

Typed Typed::child(std::string_view element) const {
  if (kind == Kind::kStruct && element.substr(0, 2) == "f:") {
    const Field* named = message->find(element.substr(2));
    return named == nullptr ? Typed{} : Typed::of(*named);
  }
  return kind == Kind::kLeaf || kind == Kind::kSet ? Typed{} : typeOfElement(message);
}

bool Typed::fits(const json::value& value) const {
  return kind == Kind::kStruct || kind == Kind::kMap ? value.is_object() : value.is_array();
}

std::vector<TypedChild> childrenOf(const Typed& type, const json::object& object) {
  std::vector<TypedChild> out;
  out.reserve(object.size());
  for (const auto& entry : object) {
    std::string element = "f:" + std::string(entry.key());
    const Typed child = type.child(element);
    out.push_back({std::move(element), child, &entry.value()});
  }
  return out;
}

std::vector<TypedChild> childrenOf(const Typed& type, const json::value& value) {
  if (type.kind == Typed::Kind::kLeaf || !type.fits(value)) {
    return {};
  }
  if (const json::array* items = value.if_array()) {
    return childrenOf(type, *items);
  }
  return childrenOf(type, value.get_object());
}

Status checkKeys(const Typed& type, const json::value& value) {
  for (const TypedChild& child : childrenOf(type, value)) {
    if (child.element.substr(0, 2) == "i:") {
      return invalid(fmt::format("list {} has two items with the same key, or one without: {}",
                                 type.field->name, json::serialize(*child.value)));
    }
    TRY_VOID(checkKeys(child.type, *child.value));
  }
  return {};
}

FieldSet fieldsOf(const Typed& type, const json::value& value) {
  FieldSet out;
  const auto children = childrenOf(type, value);
  out.member = children.empty();
  for (const TypedChild& child : children) {
    FieldSet below = fieldsOf(child.type, *child.value);
    // The items of lists and maps are themselves owned, not only what is in them.
    below.member = below.member || type.kind == Typed::Kind::kKeyedList;
    out.children.emplace(child.element, std::move(below));
  }
  return out;
}

Difference compare(const Typed& type, const json::object& before, const json::object& after) {
  Difference out;
  compareChildren(childrenOf(type, before), childrenOf(type, after), out.added, out.modified,
                  out.removed);
  return out;
}

}  // namespace hitless::kube
