#include "core/kube/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/kube/list_order.h"
#include "core/kube/managed_fields.h"
#include "core/kube/schema.h"
#include "core/kube/typed.h"

namespace hitless::kube {
namespace {

constexpr std::string_view kBeforeFirstApply = "before-first-apply";

/// Nulls say nothing in an applied configuration, and what the server keeps is not its business.
void dropNulls(json::value& value) {
  if (json::object* object = value.if_object()) {
    for (auto it = object->begin(); it != object->end();) {
      dropNulls(it->value());
      it = it->value().is_null() ? object->erase(it) : std::next(it);
    }
  } else if (json::array* array = value.if_array()) {
    std::for_each(array->begin(), array->end(), dropNulls);
  }
}

json::value mergeApplied(const Typed& type, const json::value* live, const json::value& applied);

json::value mergeItems(const Typed& type, const json::value& live, const json::value& applied) {
  const auto liveItems = childrenOf(type, live);
  const auto appliedItems = childrenOf(type, applied);
  std::map<std::string_view, const TypedChild*> old;
  std::map<std::string_view, const TypedChild*> wanted;
  std::vector<std::string> before;
  std::vector<std::string> order;
  std::vector<std::string> kept;
  for (const TypedChild& item : appliedItems) {
    wanted.emplace(item.element, &item);
    order.push_back(item.element);
  }
  for (const TypedChild& item : liveItems) {
    old.emplace(item.element, &item);
    before.push_back(item.element);
    if (!wanted.contains(item.element)) {
      kept.push_back(item.element);
    }
  }
  json::array out;
  for (const std::string& element : weave(kept, order, before)) {
    const auto was = old.find(element);
    const auto is = wanted.find(element);
    const json::value* liveValue = was == old.end() ? nullptr : was->second->value;
    out.push_back(is == wanted.end()
                      ? *liveValue
                      : mergeApplied(is->second->type, liveValue, *is->second->value));
  }
  return out;
}

/// The live value with the applied one laid over it.
json::value mergeApplied(const Typed& type, const json::value* live, const json::value& applied) {
  const bool merges =
      type.kind != Typed::Kind::kLeaf && live != nullptr && type.fits(*live) && type.fits(applied);
  if (!merges) {
    return applied;
  }
  if (live->is_array()) {
    return mergeItems(type, *live, applied);
  }
  json::object out = live->get_object();
  for (const auto& entry : applied.get_object()) {
    const json::value* old = find(live->get_object(), entry.key());
    const Typed child = type.child("f:" + std::string(entry.key()));
    out[entry.key()] = mergeApplied(child, old, entry.value());
  }
  return out;
}

bool prune(const Typed& type, json::value& value, const FieldSet& dropped, const FieldSet* held);

void pruneItems(const Typed& type, json::array& items, const FieldSet& dropped,
                const FieldSet& held) {
  std::vector<std::string> elements;
  for (const TypedChild& child : childrenOf(type, items)) {
    elements.push_back(child.element);
  }
  for (std::size_t i = elements.size(); i-- > 0;) {
    const FieldSet* below = dropped.find(elements[i]);
    if (below != nullptr &&
        prune(type.child(elements[i]), items[i], *below, held.find(elements[i]))) {
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

/// Takes out what the manager applied last time and no longer applies, unless somebody else (or
/// the new configuration) owns it or something in it. Returns whether the value itself is to go.
bool prune(const Typed& type, json::value& value, const FieldSet& dropped, const FieldSet* held) {
  if (held == nullptr) {
    return true;
  }
  if (type.kind == Typed::Kind::kLeaf || !type.fits(value)) {
    return false;
  }
  if (json::array* items = value.if_array()) {
    pruneItems(type, *items, dropped, *held);
    return false;
  }
  json::object& object = value.get_object();
  for (const auto& [element, below] : dropped.children) {
    const auto it = object.find(std::string_view(element).substr(2));
    if (it != object.end() && prune(type.child(element), it->value(), below, held->find(element))) {
      object.erase(it);
    }
  }
  return false;
}

std::string managerText(const Manager& manager) {
  std::string out = fmt::format("\"{}\"", manager.name);
  if (!manager.subresource.empty()) {
    out += fmt::format(" with subresource \"{}\"", manager.subresource);
  }
  return manager.apply ? out : fmt::format("{} using {}", out, manager.apiVersion);
}

/// An object that was never tracked belongs to an unnamed writer from before.
std::vector<Manager> managersOf(const Resource& resource, const json::object* live, WallTime now) {
  if (live == nullptr) {
    return {};
  }
  std::vector<Manager> managers = readManagers(*live);
  if (managers.empty()) {
    const json::value value = *live;
    managers.push_back(
        {std::string(kBeforeFirstApply), false, resource.apiVersion(), "", formatTime(now),
         ownable(resource, fieldsOf(Typed::root(schema::messageOf(resource)), value), "")});
  }
  return managers;
}

/// Takes the fields that `changed` from everybody else; without force only tells whose they are.
std::vector<FieldError> takeOver(std::vector<Manager>& managers, const Manager& self,
                                 const FieldSet& changed, bool force) {
  std::vector<FieldError> conflicts;
  for (Manager& other : managers) {
    if (other.sameIdentity(self)) {
      continue;
    }
    const FieldSet common = other.fields.intersect(changed);
    for (std::string& path : force ? std::vector<std::string>{} : common.paths()) {
      conflicts.push_back(
          {"FieldManagerConflict", std::move(path), "conflict with " + managerText(other)});
    }
    if (force) {
      other.fields.subtract(common);
    }
  }
  return conflicts;
}

Result<json::value> cleaned(const Resource& resource, const json::object& applied) {
  json::object object = applied;
  object.erase("status");
  if (json::value* metadata = object.if_contains("metadata"); metadata && metadata->is_object()) {
    if (metadata->get_object().contains("managedFields")) {
      return invalid("metadata.managedFields must be nil",
                     "leave managedFields out of an applied configuration");
    }
  }
  json::value value = std::move(object);
  dropNulls(value);
  TRY_VOID(checkKeys(Typed::root(schema::messageOf(resource)), value));
  return value;
}

}  // namespace

Result<ApplyOutcome> serverSideApply(const Resource& resource, const json::object* live,
                                     const json::object& applied, std::string_view manager,
                                     bool force, WallTime now) {
  const Typed type = Typed::root(schema::messageOf(resource));
  const json::value config = TRY(cleaned(resource, applied));
  const json::value before = live == nullptr ? json::value(json::object{}) : json::value(*live);
  std::vector<Manager> managers = managersOf(resource, live, now);

  const Manager identity{std::string(manager), true, resource.apiVersion(), "",
                         formatTime(now),      {}};
  Manager& own = managerFor(managers, identity);
  const FieldSet previous = own.fields;
  own.fields = ownable(resource, fieldsOf(type, config), "");
  if (own.fields != previous) {
    own.time = identity.time;
  }

  json::value merged = mergeApplied(type, &before, config);
  FieldSet dropped = previous;
  dropped.subtract(own.fields);
  FieldSet held;
  for (const Manager& each : managers) {
    held.add(each.fields);
  }
  prune(type, merged, dropped, &held);

  Difference change = compare(type, before.get_object(), merged.get_object());
  FieldSet changed = std::move(change.added);
  changed.add(change.modified);
  ApplyOutcome outcome;
  outcome.conflicts = takeOver(managers, identity, changed, force);
  if (!outcome.conflicts.empty()) {
    outcome.object = live == nullptr ? json::object{} : *live;
    return outcome;
  }
  for (Manager& each : managers) {
    each.fields.subtract(change.removed);
  }
  outcome.object = std::move(merged.get_object());
  writeManagers(outcome.object, std::move(managers));
  return outcome;
}

std::string conflictMessage(const std::vector<FieldError>& conflicts) {
  std::string out = fmt::format("Apply failed with {} conflict{}: ", conflicts.size(),
                                conflicts.size() == 1 ? "" : "s");
  if (conflicts.size() == 1) {
    return fmt::format("{}{}: {}", out, conflicts.front().message, conflicts.front().field);
  }
  // Grouped by owner: "conflicts with X:" and a line for each of its fields.
  std::string_view owner;
  for (const FieldError& conflict : conflicts) {
    if (conflict.message != owner) {
      out += fmt::format("{}conflicts{}:", owner.empty() ? "" : "\n",
                         conflict.message.substr(std::string_view("conflict").size()));
      owner = conflict.message;
    }
    out += "\n- " + conflict.field;
  }
  return out;
}

}  // namespace hitless::kube
