#include <fmt/format.h>

#include <algorithm>

#include "core/kube/list_order.h"
#include "core/kube/patch.h"
#include "core/kube/schema.h"

namespace hitless::kube {
namespace {

using schema::Field;
using schema::ListType;
using schema::Message;
using schema::Scalar;
using schema::Shape;

constexpr std::string_view kPatchDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";
constexpr std::string_view kOrderPrefix = "$setElementOrder/";

bool startsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// How an item is told apart from the others: its merge key's value, or for scalars itself.
std::string identity(const json::value& item, std::string_view key) {
  if (key.empty()) {
    return json::serialize(item);
  }
  const json::object* object = item.if_object();
  const json::value* value = object == nullptr ? nullptr : find(*object, key);
  return value == nullptr ? std::string() : json::serialize(*value);
}

std::vector<std::string> identities(const json::array& list, std::string_view key) {
  std::vector<std::string> out;
  for (const json::value& item : list) {
    out.push_back(identity(item, key));
  }
  return out;
}

json::array::iterator findItem(json::array& list, std::string_view key, const std::string& id) {
  return std::find_if(list.begin(), list.end(),
                      [&](const json::value& item) { return identity(item, key) == id; });
}

Status mergeObject(const Message* message, json::object& target, const json::object& patch);

Status retainOnly(json::object& target, const json::value& keep) {
  const json::array* keys = keep.if_array();
  if (keys == nullptr) {
    return invalid("$retainKeys must be a list of strings");
  }
  for (auto it = target.begin(); it != target.end();) {
    const bool kept = std::any_of(keys->begin(), keys->end(), [&](const json::value& key) {
      return key.is_string() && key.get_string() == it->key();
    });
    it = kept ? std::next(it) : target.erase(it);
  }
  return {};
}

/// Orders `list` by `order`; items it does not name stay where they were among the others.
Status reorder(json::array& list, const json::value& order, std::string_view key,
               const std::vector<std::string>& before) {
  const json::array* wantedItems = order.if_array();
  if (wantedItems == nullptr) {
    return invalid("$setElementOrder must be a list");
  }
  std::vector<std::string> wanted;
  for (const std::string& id : identities(*wantedItems, key)) {
    if (findItem(list, key, id) != list.end() &&
        std::find(wanted.begin(), wanted.end(), id) == wanted.end()) {
      wanted.push_back(id);
    }
  }
  std::vector<std::string> kept;
  for (const std::string& id : identities(list, key)) {
    if (std::find(wanted.begin(), wanted.end(), id) == wanted.end() &&
        std::find(kept.begin(), kept.end(), id) == kept.end()) {
      kept.push_back(id);
    }
  }
  json::array sorted;
  for (const std::string& id : weave(kept, wanted, before)) {
    // Several items can share a merge key (a port number under two protocols).
    for (json::value& item : list) {
      if (identity(item, key) == id) {
        sorted.push_back(item);
      }
    }
  }
  list = std::move(sorted);
  return {};
}

Status mergeItem(const Field& field, json::array& target, const json::object& item) {
  const std::string id = identity(item, field.patchKey);
  if (id.empty()) {
    return invalid(fmt::format("map: {} does not contain declared merge key: {}",
                               json::serialize(item), field.patchKey));
  }
  auto at = findItem(target, field.patchKey, id);
  const std::string_view directive = text(item, {kPatchDirective});
  if (directive == "delete") {
    while (at != target.end()) {
      target.erase(at);
      at = findItem(target, field.patchKey, id);
    }
    return {};
  }
  if (at == target.end() || !at->is_object()) {
    target.emplace_back(json::object{});
    at = target.end() - 1;
  }
  return mergeObject(field.message, at->get_object(), item);
}

bool replacesList(const json::value& item) {
  const json::object* object = item.if_object();
  return object != nullptr && text(*object, {kPatchDirective}) == "replace";
}

Status mergeKeyedList(const Field& field, json::array& target, const json::array& patch) {
  const bool replace = std::any_of(patch.begin(), patch.end(), replacesList);
  if (replace) {
    target.clear();
  }
  for (const json::value& item : patch) {
    const json::object* object = item.if_object();
    if (object == nullptr) {
      return invalid(fmt::format("items of list {} must be objects", field.name));
    }
    if (replacesList(item) && object->size() == 1) {
      continue;
    }
    json::object plain = *object;
    if (replace) {
      plain.erase(kPatchDirective);
    }
    TRY_VOID(mergeItem(field, target, plain));
  }
  return {};
}

void mergeSet(json::array& target, const json::array& patch) {
  for (const json::value& item : patch) {
    if (std::find(target.begin(), target.end(), item) == target.end()) {
      target.push_back(item);
    }
  }
}

Status mergeValue(const Field* field, json::value& target, const json::value& patch) {
  if (const json::object* changes = patch.if_object()) {
    if (!target.is_object()) {
      target = json::object{};
    }
    const bool nested =
        field != nullptr && field->scalar == Scalar::kMessage && field->shape == Shape::kOne;
    return mergeObject(nested ? field->message : nullptr, target.get_object(), *changes);
  }
  const json::array* items = patch.if_array();
  const bool keyed = field != nullptr && !field->patchKey.empty();
  const bool set =
      field != nullptr && field->scalar != Scalar::kMessage && field->listType == ListType::kSet;
  if (items == nullptr || (!keyed && !set)) {
    target = patch;
    return {};
  }
  if (!target.is_array()) {
    target = json::array{};
  }
  if (keyed) {
    return mergeKeyedList(*field, target.get_array(), *items);
  }
  mergeSet(target.get_array(), *items);
  return {};
}

Status deleteFromSet(json::object& target, std::string_view list, const json::value& gone) {
  const json::array* values = gone.if_array();
  if (values == nullptr) {
    return invalid(fmt::format("{}{} must be a list", kDeletePrefix, list));
  }
  const auto it = target.find(list);
  if (it != target.end() && it->value().is_array()) {
    json::array& items = it->value().get_array();
    for (const json::value& value : *values) {
      items.erase(std::remove(items.begin(), items.end(), value), items.end());
    }
  }
  return {};
}

/// What the ordered lists looked like before the patch, by field name.
using Orders = std::map<std::string, std::vector<std::string>, std::less<>>;

std::string_view keyOf(const Message* message, std::string_view list) {
  const Field* field = message == nullptr ? nullptr : message->find(list);
  return field == nullptr ? std::string_view{} : field->patchKey;
}

Orders ordersBefore(const Message* message, const json::object& target, const json::object& patch) {
  Orders out;
  for (const auto& entry : patch) {
    if (startsWith(entry.key(), kOrderPrefix)) {
      const std::string_view list = std::string_view(entry.key()).substr(kOrderPrefix.size());
      const json::array* items = findArray(target, {list});
      out[std::string(list)] =
          items == nullptr ? std::vector<std::string>{} : identities(*items, keyOf(message, list));
    }
  }
  return out;
}

Status mergeFields(const Message* message, json::object& target, const json::object& patch) {
  for (const auto& entry : patch) {
    const std::string_view key = entry.key();
    if (startsWith(key, kDeletePrefix)) {
      TRY_VOID(deleteFromSet(target, key.substr(kDeletePrefix.size()), entry.value()));
    } else if (startsWith(key, "$")) {
      continue;
    } else if (entry.value().is_null()) {
      target.erase(key);
    } else {
      TRY_VOID(mergeValue(message == nullptr ? nullptr : message->find(key), target[key],
                          entry.value()));
    }
  }
  return {};
}

Status mergeObject(const Message* message, json::object& target, const json::object& patch) {
  const std::string_view directive = text(patch, {kPatchDirective});
  if (directive == "replace" || directive == "delete") {
    target.clear();
  } else if (!directive.empty() && directive != "merge") {
    return invalid(fmt::format("unknown patch type found: {}", directive));
  }
  if (directive == "delete") {
    return {};
  }
  if (const json::value* keep = find(patch, kRetainKeys)) {
    TRY_VOID(retainOnly(target, *keep));
  }
  const Orders before = ordersBefore(message, target, patch);
  TRY_VOID(mergeFields(message, target, patch));
  for (const auto& [list, order] : before) {
    const auto it = target.find(list);
    if (it != target.end() && it->value().is_array()) {
      TRY_VOID(reorder(it->value().get_array(), patch.at(fmt::format("{}{}", kOrderPrefix, list)),
                       keyOf(message, list), order));
    }
  }
  return {};
}

}  // namespace

Result<json::object> applyStrategicMerge(const Resource& resource, json::object document,
                                         const json::object& patch) {
  TRY_VOID(mergeObject(&schema::messageOf(resource), document, patch));
  return document;
}

}  // namespace hitless::kube
