#include "core/control/registry.h"

#include <fmt/format.h>

#include "core/control/identity.h"
#include "core/control/strategy.h"
#include "core/kube/apply.h"
#include "core/kube/defaulting.h"
#include "core/kube/validation.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::Resource;

/// What the server alone says about an object, whatever a client sends.
constexpr std::string_view kServerFields[] = {
    "uid",        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    "generation", "selfLink"};

void carryOver(const json::object& live, json::object& next, bool ownersDone) {
  const json::object* from = kube::findObject(live, {"metadata"});
  json::object& to = kube::ensureObject(next, {"metadata"});
  const auto carry = [&](std::string_view field) {
    const json::value* value = from == nullptr ? nullptr : from->if_contains(field);
    value == nullptr ? (void)to.erase(field) : (void)(to[field] = *value);
  };
  for (const std::string_view field : kServerFields) {
    carry(field);
  }
  for (const std::string_view field : {"name", "namespace", "generateName", "resourceVersion"}) {
    carry(field);
  }
  if (!ownersDone) {
    carry("managedFields");
  }
  next["apiVersion"] = live.at("apiVersion");
  next["kind"] = live.at("kind");
}

/// What the next state claims to be must fit what it replaces.
ApiStatus checkClaims(const Target& target, const json::object& live, const json::object& next) {
  const std::string_view name = nameOf(next);
  if (!name.empty() && name != target.name) {
    return refuse(badRequest(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", name, target.name)));
  }
  const std::string_view ns = namespaceOf(next);
  if (!ns.empty() && ns != target.ns) {
    return refuse(
        badRequest(fmt::format("the namespace of the object ({}) does not match the "
                               "namespace on the URL ({})",
                               ns, target.ns)));
  }
  const std::string_view uid = uidOf(next);
  if (!uid.empty() && uid != uidOf(live)) {
    return refuse(
        conflict(*target.resource, target.name,
                 fmt::format("Precondition failed: UID in precondition: {}, UID in object "
                             "meta: {}",
                             uid, uidOf(live))));
  }
  const std::string_view revision = kube::text(next, {"metadata", "resourceVersion"});
  if (!revision.empty() && revision != kube::text(live, {"metadata", "resourceVersion"})) {
    return refuse(modified(*target.resource, target.name));
  }
  return {};
}

/// Without the times at which owners last changed something.
json::value timeless(const json::object& object) {
  json::value copy = object;
  json::object& meta = kube::ensureObject(copy.get_object(), {"metadata"});
  if (json::value* fields = meta.if_contains("managedFields"); fields && fields->is_array()) {
    for (json::value& entry : fields->get_array()) {
      if (json::object* owner = entry.if_object()) {
        owner->erase("time");
      }
    }
  }
  return copy;
}

bool sameState(const json::object& live, const json::object& next, bool ownersDone) {
  return live == next || (ownersDone && timeless(live) == timeless(next));
}

std::string_view groupOf(const Resource& resource) {
  return resource.group;
}

}  // namespace

Registry::Registry(Store& store, const Clock& clock, Rng& rng, timeline::Sink& timeline,
                   Options options)
    : store_(store),
      clock_(clock),
      rng_(rng),
      timeline_(timeline),
      options_(options),
      addresses_(store, options.ranges),
      events_(store, clock, rng) {}

ApiStatus Registry::identify(const Resource& resource, std::string_view ns, json::object& object) {
  object["apiVersion"] = resource.apiVersion();
  object["kind"] = json::string(resource.kind);
  json::object& meta = kube::ensureObject(object, {"metadata"});
  const std::string_view claimed = kube::text(meta, {"namespace"});
  if (!claimed.empty() && claimed != ns) {
    return refuse(badRequest(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  if (!kube::text(meta, {"resourceVersion"}).empty()) {
    return refuse(
        ApiError{500, "", "resourceVersion should not be set on objects to be created", {}});
  }
  const std::string prefix(kube::text(meta, {"generateName"}));
  if (kube::text(meta, {"name"}).empty()) {
    if (prefix.empty()) {
      return refuse(invalidObject(groupOf(resource), resource.kind, "",
                                  {{"FieldValueRequired", "metadata.name",
                                    "Required value: name or generateName is required"}}));
    }
    std::string name = generatedName(prefix, rng_);
    while (store_.get(resource, ns, name) != nullptr) {
      name = generatedName(prefix, rng_);
    }
    meta["name"] = name;
  }
  for (const std::string_view field : kServerFields) {
    meta.erase(field);
  }
  meta.erase("resourceVersion");
  if (resource.namespaced) {
    meta["namespace"] = json::string(ns);
  } else {
    meta.erase("namespace");
  }
  meta["uid"] = makeUid(rng_);
  meta["creationTimestamp"] = formatTime(clock_.wall());
  return {};
}

AdmissionRequest Registry::admission(AdmissionRequest::Operation operation,
                                     const Resource& resource, std::string_view ns,
                                     json::object& object, const json::object* live) {
  AdmissionRequest request;
  request.operation = operation;
  request.resource = &resource;
  request.ns = std::string(ns);
  request.object = &object;
  request.live = live;
  request.store = &store_;
  request.addresses = &addresses_;
  request.rng = &rng_;
  request.options = options_.admission;
  return request;
}

ApiResult<kube::ObjectPtr> Registry::create(const Resource& resource, std::string_view ns,
                                            json::object object, const WriteOptions& options) {
  API_TRY_VOID(identify(resource, ns, object));
  prepareCreate(resource, object);
  kube::applyDefaults(resource, object);
  AdmissionRequest request =
      admission(AdmissionRequest::Operation::kCreate, resource, ns, object, nullptr);
  API_TRY_VOID(admit(request));
  if (options.warnings != nullptr) {
    options.warnings->insert(options.warnings->end(), request.warnings.begin(),
                             request.warnings.end());
  }
  kube::applyDefaults(resource, object);  // Of what admission added.
  const std::string name(nameOf(object));
  if (const auto errors = kube::validateCreate(resource, object); !errors.empty()) {
    return refuse(invalidObject(groupOf(resource), resource.kind, name, errors));
  }
  if (store_.get(resource, ns, name) != nullptr) {
    return refuse(alreadyExists(resource, name));
  }
  if (!options.ownersDone && !options.fieldManager.empty()) {
    kube::recordUpdate(resource, nullptr, object, options.fieldManager, "", clock_.wall());
  }
  if (options.dryRun) {
    return std::make_shared<const json::object>(std::move(object));
  }
  auto stored = store_.create(resource, ns, name, std::move(object));
  if (!stored) {
    return refuse(internalError(stored.error().text()));
  }
  afterCreate(resource, **stored);
  return *std::move(stored);
}

void Registry::afterCreate(const Resource& resource, const json::object& object) {
  if (resource.kind == "Namespace") {
    json::object account{{"metadata", json::object{{"name", "default"}}}};
    (void)create(kube::res::kServiceAccounts, nameOf(object), std::move(account), {});
  }
}

ApiResult<kube::ObjectPtr> Registry::modify(const Target& target, const Change& change,
                                            const WriteOptions& options) {
  const kube::ObjectPtr live = store_.get(*target.resource, target.ns, target.name);
  if (live == nullptr) {
    return refuse(notFound(*target.resource, target.name));
  }
  json::object next = API_TRY(change(*live));
  return replace(target, *live, std::move(next), options);
}

ApiResult<kube::ObjectPtr> Registry::replace(const Target& target, const json::object& live,
                                             json::object next, const WriteOptions& options) {
  const Resource& resource = *target.resource;
  API_TRY_VOID(checkClaims(target, live, next));
  carryOver(live, next, options.ownersDone);
  prepareUpdate(resource, target.subresource, live, next);
  kube::applyDefaults(resource, next);
  AdmissionRequest request =
      admission(AdmissionRequest::Operation::kUpdate, resource, target.ns, next, &live);
  API_TRY_VOID(admit(request));
  if (const auto errors = kube::validateUpdate(resource, next, live); !errors.empty()) {
    return refuse(invalidObject(groupOf(resource), resource.kind, target.name, errors));
  }
  if (target.subresource.empty()) {
    setGeneration(resource, live, next);
  }
  if (sameState(live, next, options.ownersDone)) {
    return store_.get(resource, target.ns, target.name);
  }
  const bool owned = kube::find(live, {"metadata", "managedFields"}) != nullptr;
  if (!options.ownersDone && (owned || !options.fieldManager.empty())) {
    const std::string_view manager = options.fieldManager.empty()
                                         ? std::string_view("hitless")
                                         : std::string_view(options.fieldManager);
    kube::recordUpdate(resource, &live, next, manager, target.subresource, clock_.wall());
  }
  if (options.dryRun) {
    return std::make_shared<const json::object>(std::move(next));
  }
  return commit(target, revisionOf(live), std::move(next));
}

/// Stores the next state, or removes the object if it was only waiting for this write.
ApiResult<kube::ObjectPtr> Registry::commit(const Target& target, std::uint64_t expected,
                                            json::object next) {
  const bool waits = kube::find(next, {"metadata", "deletionTimestamp"}) == nullptr ||
                     kube::integer(next, {"metadata", "deletionGracePeriodSeconds"}) > 0 ||
                     !finalized(*target.resource, next);
  if (!waits) {
    return erase(target, expected);
  }
  auto stored = store_.update(*target.resource, target.ns, target.name, expected, std::move(next));
  if (!stored) {
    return refuse(internalError(stored.error().text()));
  }
  return *std::move(stored);
}

}  // namespace hitless::control
