#include <algorithm>

#include "core/kube/apply.h"
#include "core/kube/managed_fields.h"
#include "core/kube/schema.h"
#include "core/kube/typed.h"

namespace hitless::kube {
namespace {

/// What Go's encoder writes for an object nobody has filled in: the fields that are always there.
/// Being there already, they do not count as added by the writer of the first state.
json::object zeroOf(const schema::Message& message) {
  json::object out;
  for (const schema::Field& field : message.fields) {
    if (!field.always) {
      continue;
    }
    if (field.shape == schema::Shape::kOne && field.message != nullptr) {
      out.emplace(field.name, zeroOf(*field.message));
    } else if (field.shape == schema::Shape::kList) {
      out.emplace(field.name, nullptr);
    }
  }
  return out;
}

bool carriesManagers(const json::object& object) {
  const json::array* entries = findArray(object, {"metadata", "managedFields"});
  return entries != nullptr && !entries->empty();
}

}  // namespace

void recordUpdate(const Resource& resource, const json::object* before, json::object& after,
                  std::string_view manager, std::string_view subresource, WallTime now) {
  const schema::Message& message = schema::messageOf(resource);
  const json::object nothing = before == nullptr ? zeroOf(message) : json::object{};
  Difference change = compare(Typed::root(message), before == nullptr ? nothing : *before, after);
  FieldSet written = std::move(change.added);
  written.add(change.modified);
  written = ownable(resource, std::move(written), subresource);
  const FieldSet gone = ownable(resource, std::move(change.removed), subresource);

  std::vector<Manager> managers =
      readManagers(before != nullptr && !carriesManagers(after) ? *before : after);
  for (Manager& other : managers) {
    other.fields.subtract(gone);
  }
  const Manager identity{std::string(manager),     false,           resource.apiVersion(),
                         std::string(subresource), formatTime(now), {}};
  Manager& own = managerFor(managers, identity);
  const FieldSet owned = own.fields;
  own.fields.add(written);
  if (own.fields != owned) {
    own.time = identity.time;
  }
  for (Manager& other : managers) {
    if (!other.sameIdentity(identity)) {
      other.fields.subtract(written);
    }
  }
  writeManagers(after, std::move(managers));
}

}  // namespace hitless::kube
