#include <fmt/format.h>

#include "core/control/identity.h"
#include "core/control/registry.h"
#include "core/control/strategy.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::Resource;

constexpr std::string_view kForegroundFinalizer = "foregroundDeletion";

bool isOwnedBy(const json::object& object, std::string_view uid) {
  const json::array* owners = kube::findArray(object, {"metadata", "ownerReferences"});
  return owners != nullptr &&
         std::any_of(owners->begin(), owners->end(), [&](const json::value& o) {
           return o.is_object() && kube::text(o.get_object(), {"uid"}) == uid;
         });
}

void disown(json::object& object, std::string_view uid) {
  json::value& owners = kube::ensureObject(object, {"metadata"})["ownerReferences"];
  json::array kept;
  for (const json::value& owner : owners.get_array()) {
    if (!owner.is_object() || kube::text(owner.get_object(), {"uid"}) != uid) {
      kept.push_back(owner);
    }
  }
  owners = std::move(kept);
}

ApiStatus checkPreconditions(const Target& target, const json::object& live,
                             const DeleteOptions& options) {
  const auto fails = [&](std::string_view what, std::string_view wanted, std::string_view is) {
    return refuse(conflict(*target.resource, target.name,
                           fmt::format("Precondition failed: {} in precondition: {}, {} in object "
                                       "meta: {}",
                                       what, wanted, what, is)));
  };
  if (!options.uid.empty() && options.uid != uidOf(live)) {
    return fails("UID", options.uid, uidOf(live));
  }
  const std::string_view revision = kube::text(live, {"metadata", "resourceVersion"});
  if (!options.resourceVersion.empty() && options.resourceVersion != revision) {
    return fails("ResourceVersion", options.resourceVersion, revision);
  }
  return {};
}

bool isImmortal(const Target& target) {
  return target.resource->kind == "Namespace" &&
         (target.name == "default" || target.name == "kube-system" || target.name == "kube-public");
}

/// Begins or shortens a deletion in `next`. False: nothing changes, because a deletion that is
/// under way can only become shorter.
bool markDeleted(const Resource& resource, json::object& next, std::int64_t grace,
                 const DeleteOptions& options, WallTime now) {
  json::object& meta = kube::ensureObject(next, {"metadata"});
  const auto current = kube::optionalInteger(meta, {"deletionGracePeriodSeconds"});
  if (kube::find(meta, "deletionTimestamp") != nullptr) {
    if (!current || !options.gracePeriodSeconds || grace >= *current) {
      return false;
    }
  } else if (const auto generation = kube::optionalInteger(meta, {"generation"})) {
    meta["generation"] = *generation + 1;
  }
  meta["deletionTimestamp"] = formatTime(now + seconds{grace});
  meta["deletionGracePeriodSeconds"] = grace;
  if (resource.kind == "Namespace") {
    kube::ensureObject(next, {"status"})["phase"] = "Terminating";
  }
  return true;
}

}  // namespace

ApiResult<Removed> Registry::remove(const Target& target, const DeleteOptions& options) {
  const Resource& resource = *target.resource;
  const kube::ObjectPtr live = store_.get(resource, target.ns, target.name);
  if (live == nullptr) {
    return refuse(notFound(resource, target.name));
  }
  API_TRY_VOID(checkPreconditions(target, *live, options));
  if (isImmortal(target)) {
    return refuse(forbidden(resource, target.name, "this namespace may not be deleted"));
  }
  const bool wasDeleted = kube::find(*live, {"metadata", "deletionTimestamp"}) != nullptr;
  const std::int64_t grace = gracePeriodOf(resource, *live, options.gracePeriodSeconds);
  json::object next = *live;
  if (API_TRY(settleDependents(*live, options))) {
    json::value& finalizers = kube::ensureObject(next, {"metadata"})["finalizers"];
    if (!finalizers.is_array()) {
      finalizers.emplace_array();
    }
    finalizers.get_array().push_back(json::string(kForegroundFinalizer));
  }
  const bool marked = markDeleted(resource, next, grace, options, clock_.wall());
  const bool gone = finalized(resource, next) &&
                    kube::integer(next, {"metadata", "deletionGracePeriodSeconds"}) == 0;
  if (options.dryRun) {
    return Removed{gone ? live : std::make_shared<const json::object>(std::move(next)), gone};
  }
  const bool first = !wasDeleted && resource.kind == "Pod";
  if (gone) {
    if (first) {
      report(timeline::What::kPodDeleted, *live);
    }
    return Removed{API_TRY(erase(target, revisionOf(*live))), true};
  }
  if (!marked) {
    return Removed{live, false};
  }
  const kube::ObjectPtr stored = API_TRY(commit(target, revisionOf(*live), std::move(next)));
  if (first) {
    report(timeline::What::kPodDeleted, *stored);
  }
  return Removed{stored, false};
}

ApiResult<kube::ObjectPtr> Registry::erase(const Target& target, std::uint64_t expected) {
  auto last = store_.remove(*target.resource, target.ns, target.name, expected);
  if (!last) {
    return refuse(internalError(last.error().text()));
  }
  if (target.resource->kind == "Pod") {
    report(timeline::What::kPodGone, **last);
  }
  return *std::move(last);
}

/// Orphan: lets go of the dependents here and now. Foreground: true if there are dependents that
/// the garbage collector has to delete first.
ApiResult<bool> Registry::settleDependents(const json::object& owner,
                                           const DeleteOptions& options) {
  const std::string uid(uidOf(owner));
  const bool orphan = options.propagationPolicy == "Orphan";
  if (!orphan && options.propagationPolicy != "Foreground") {
    return false;
  }
  for (const Resource& resource : kube::resources()) {
    for (const kube::ObjectPtr& object : store_.list(resource, namespaceOf(owner))) {
      if (!isOwnedBy(*object, uid)) {
        continue;
      }
      if (!orphan) {
        return true;
      }
      if (!options.dryRun) {
        json::object next = *object;
        disown(next, uid);
        (void)store_.update(resource, namespaceOf(*object), nameOf(*object), revisionOf(*object),
                            std::move(next));
      }
    }
  }
  return false;
}

ApiStatus Registry::bind(std::string_view ns, std::string_view pod, std::string_view node,
                         bool dryRun) {
  const Resource& pods = kube::res::kPods;
  const kube::ObjectPtr live = store_.get(pods, ns, pod);
  if (live == nullptr) {
    return refuse(notFound(pods, pod));
  }
  const auto fails = [&](const std::string& why) {
    ApiError error = conflict(pods, pod, why);
    error.message =
        fmt::format("Operation cannot be fulfilled on pods/binding \"{}\": {}", pod, why);
    error.details->insert_or_assign("kind", "pods/binding");
    return refuse(std::move(error));
  };
  if (kube::find(*live, {"metadata", "deletionTimestamp"}) != nullptr) {
    return fails(fmt::format("pod {} is being deleted, cannot be assigned to a host", pod));
  }
  if (const std::string_view current = kube::text(*live, {"spec", "nodeName"}); !current.empty()) {
    return fails(fmt::format("pod {} is already assigned to node \"{}\"", pod, current));
  }
  json::object next = *live;
  kube::ensureObject(next, {"spec"})["nodeName"] = json::string(node);
  json::value& conditions = kube::ensureObject(next, {"status"})["conditions"];
  json::array kept;
  if (conditions.is_array()) {
    for (json::value& condition : conditions.get_array()) {
      if (!condition.is_object() ||
          kube::text(condition.get_object(), {"type"}) != "PodScheduled") {
        kept.push_back(std::move(condition));
      }
    }
  }
  kept.push_back(json::object{{"type", "PodScheduled"},
                              {"status", "True"},
                              {"lastProbeTime", nullptr},
                              {"lastTransitionTime", formatTime(clock_.wall())}});
  conditions = std::move(kept);
  if (!dryRun && !store_.update(pods, ns, pod, revisionOf(*live), std::move(next))) {
    return refuse(modified(pods, pod));
  }
  return {};
}

void Registry::report(timeline::What what, const json::object& pod) {
  timeline::Event event;
  event.time = clock_.wall();
  event.what = what;
  event.pod = fmt::format("{}/{}", namespaceOf(pod), nameOf(pod));
  event.ip = std::string(kube::text(pod, {"status", "podIP"}));
  event.revision = revisionOf(pod);
  timeline_.record(event);
}

}  // namespace hitless::control
