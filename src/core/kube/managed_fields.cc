#include "core/kube/managed_fields.h"

#include <algorithm>
#include <tuple>

namespace hitless::kube {
namespace {

/// Fields of metadata that the server keeps.
constexpr std::string_view kServerMetadata[] = {
    "f:name", "f:namespace",  "f:creationTimestamp", "f:selfLink",
    "f:uid",  "f:generation", "f:managedFields",     "f:resourceVersion",
};

bool hasStatus(const Resource& resource) {
  return std::find(resource.subresources.begin(), resource.subresources.end(), "status") !=
         resource.subresources.end();
}

json::object entryOf(const Manager& manager) {
  json::object entry{
      {"manager", manager.name},          {"operation", manager.apply ? "Apply" : "Update"},
      {"apiVersion", manager.apiVersion}, {"time", manager.time},
      {"fieldsType", "FieldsV1"},         {"fieldsV1", manager.fields.toJson()}};
  if (!manager.subresource.empty()) {
    entry.emplace("subresource", manager.subresource);
  }
  return entry;
}

}  // namespace

bool Manager::sameIdentity(const Manager& other) const {
  return std::tie(name, apply, apiVersion, subresource) ==
         std::tie(other.name, other.apply, other.apiVersion, other.subresource);
}

FieldSet ownable(const Resource& resource, FieldSet fields, std::string_view subresource) {
  fields.children.erase("f:apiVersion");
  fields.children.erase("f:kind");
  if (subresource == "status") {
    fields.children.erase("f:spec");
  } else if (hasStatus(resource)) {
    fields.children.erase("f:status");
  }
  const auto metadata = fields.children.find("f:metadata");
  if (metadata != fields.children.end()) {
    metadata->second.member = false;
    for (const std::string_view element : kServerMetadata) {
      const auto it = metadata->second.children.find(element);
      if (it != metadata->second.children.end()) {
        metadata->second.children.erase(it);
      }
    }
    if (metadata->second.empty()) {
      fields.children.erase(metadata);
    }
  }
  fields.member = false;
  return fields;
}

std::vector<Manager> readManagers(const json::object& object) {
  std::vector<Manager> out;
  const json::array* entries = findArray(object, {"metadata", "managedFields"});
  for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    const json::object* entry = (*entries)[i].if_object();
    const json::object* fields = entry == nullptr ? nullptr : findObject(*entry, {"fieldsV1"});
    if (fields != nullptr) {
      out.push_back({std::string(text(*entry, {"manager"})), text(*entry, {"operation"}) == "Apply",
                     std::string(text(*entry, {"apiVersion"})),
                     std::string(text(*entry, {"subresource"})),
                     std::string(text(*entry, {"time"})), FieldSet::fromJson(*fields)});
    }
  }
  return out;
}

void writeManagers(json::object& object, std::vector<Manager> managers) {
  managers.erase(std::remove_if(managers.begin(), managers.end(),
                                [](const Manager& manager) { return manager.fields.empty(); }),
                 managers.end());
  // Appliers first, then by time, then by name.
  std::stable_sort(managers.begin(), managers.end(), [](const Manager& a, const Manager& b) {
    return std::tie(b.apply, a.time, a.name) < std::tie(a.apply, b.time, b.name);
  });
  json::object& metadata = ensureObject(object, {"metadata"});
  if (managers.empty()) {
    metadata.erase("managedFields");
    return;
  }
  json::array entries;
  for (const Manager& manager : managers) {
    entries.push_back(entryOf(manager));
  }
  metadata["managedFields"] = std::move(entries);
}

Manager& managerFor(std::vector<Manager>& managers, const Manager& identity) {
  const auto it = std::find_if(managers.begin(), managers.end(), [&](const Manager& manager) {
    return manager.sameIdentity(identity);
  });
  if (it != managers.end()) {
    return *it;
  }
  managers.push_back(identity);
  return managers.back();
}

}  // namespace hitless::kube
