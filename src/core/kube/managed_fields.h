#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "core/kube/field_set.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// One entry of metadata.managedFields.
struct Manager {
  std::string name;
  bool apply = false;  ///< operation Apply, else Update
  std::string apiVersion;
  std::string subresource;
  std::string time;
  FieldSet fields;

  bool sameIdentity(const Manager& other) const;
};

/// What a write may own: metadata that the server keeps belongs to nobody, and the main resource
/// and its status do not own each other's fields.
FieldSet ownable(const Resource& resource, FieldSet fields, std::string_view subresource);

std::vector<Manager> readManagers(const json::object& object);
/// Writes the entries, those that own nothing left out, in the API server's order.
void writeManagers(json::object& object, std::vector<Manager> managers);
/// The entry with this identity, made if there is none.
Manager& managerFor(std::vector<Manager>& managers, const Manager& identity);

}  // namespace hitless::kube
