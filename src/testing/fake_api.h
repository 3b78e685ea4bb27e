#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/control/action.h"
#include "core/control/store.h"
#include "core/kube/objects.h"
#include "core/kube/patch.h"
#include "testing/fake_clock.h"

namespace hitless::testing {

/// Carries out actions on a store as an API server does, as far as controllers can tell: names,
/// uids and generations, preconditions, graceful deletion and finalizers. No defaults, no
/// validation. Tests write through it too.
class FakeApi : public control::ActionSink {
 public:
  using Object = kube::json::object;

  FakeApi(control::Store& store, const FakeClock& clock) : store_(store), clock_(clock) {}

  std::vector<control::EmitEvent> events;
  /// Asked before each action; an error refuses it.
  std::function<Status(const control::Action&)> admission;
  std::size_t writes = 0;

  Result<kube::ObjectPtr> execute(const control::Action& action) override {
    if (admission) {
      TRY_VOID(admission(action));
    }
    return std::visit([this](const auto& one) { return run(one); }, action);
  }

  Result<kube::ObjectPtr> run(const control::Create& create) {
    Object object = create.object;
    Object& meta = kube::ensureObject(object, {"metadata"});
    if (!meta.contains("name")) {
      meta["name"] =
          fmt::format("{}{:05}", std::string(kube::text(meta, {"generateName"})), ++names_);
    }
    meta["uid"] = fmt::format("uid-{}", ++uids_);
    meta["creationTimestamp"] = formatTime(clock_.wall());
    meta["generation"] = 1;
    const std::string ns(kube::text(meta, {"namespace"}));
    const std::string name(kube::text(meta, {"name"}));
    ++writes;
    return store_.create(*create.resource, ns, name, std::move(object));
  }

  Result<kube::ObjectPtr> run(const control::Patch& patch) {
    const Object live = TRY(find(patch.object));
    if (patch.resourceVersion && *patch.resourceVersion != revisionOf(live)) {
      return fail(ErrorKind::kConflict, "the object has been modified");
    }
    kube::json::value next = live;
    kube::applyMergePatch(next, patch.patch);
    Object& object = next.get_object();
    if (patch.subresource.empty() && countsAsGeneration(patch.object, live, object)) {
      object["metadata"].get_object()["generation"] =
          kube::integer(live, {"metadata", "generation"}) + 1;
    }
    return commit(patch.object, live, std::move(object));
  }

  Result<kube::ObjectPtr> run(const control::Delete& deletion) {
    Object object = TRY(find(deletion.object));
    const Object live = object;
    Object& meta = object["metadata"].get_object();
    const std::int64_t grace = graceOf(deletion, live);
    if (!meta.contains("deletionTimestamp")) {
      meta["deletionTimestamp"] = formatTime(clock_.wall() + seconds(grace));
    } else if (!deletion.gracePeriodSeconds) {
      return nullptr;
    }
    meta["deletionGracePeriodSeconds"] = grace;
    if (deletion.propagationPolicy == "Foreground" || deletion.propagationPolicy == "Orphan") {
      kube::json::value& finalizers = meta["finalizers"];
      if (!finalizers.is_array()) {
        finalizers = kube::json::array{};
      }
      finalizers.get_array().push_back(
          deletion.propagationPolicy == "Orphan" ? "orphan" : "foregroundDeletion");
    }
    (void)TRY(commit(deletion.object, live, std::move(object)));
    return nullptr;
  }

  Result<kube::ObjectPtr> run(const control::Bind& bind) {
    Object object = TRY(find(bind.pod));
    const Object live = object;
    kube::ensureObject(object, {"spec"})["nodeName"] = bind.node;
    return commit(bind.pod, live, std::move(object));
  }

  Result<kube::ObjectPtr> run(const control::EmitEvent& event) {
    events.push_back(event);
    return nullptr;
  }

  Result<kube::ObjectPtr> run(const control::Requeue&) { return nullptr; }

 private:
  static std::uint64_t revisionOf(const Object& object) {
    return kube::metaOf(object).resourceVersion;
  }

  Result<Object> find(const control::ObjectRef& ref) const {
    const kube::ObjectPtr live = store_.get(*ref.resource, ref.ns, ref.name);
    if (live == nullptr ||
        (!ref.uid.empty() && kube::text(*live, {"metadata", "uid"}) != ref.uid)) {
      return fail(ErrorKind::kNotFound,
                  fmt::format("{} \"{}\" not found", ref.resource->plural, ref.name));
    }
    return *live;
  }

  static std::int64_t graceOf(const control::Delete& deletion, const Object& live) {
    const std::string_view phase = kube::text(live, {"status", "phase"});
    if (deletion.object.resource != &kube::res::kPods ||
        kube::text(live, {"spec", "nodeName"}).empty() || phase == "Succeeded" ||
        phase == "Failed") {
      return 0;
    }
    return deletion.gracePeriodSeconds.value_or(
        kube::integer(live, {"spec", "terminationGracePeriodSeconds"}, 30));
  }

  /// A Deployment's annotations count as well as its spec.
  static bool countsAsGeneration(const control::ObjectRef& ref, const Object& live,
                                 const Object& next) {
    const auto differs = [&](std::initializer_list<std::string_view> path) {
      const auto* before = kube::find(live, path);
      const auto* after = kube::find(next, path);
      return before == nullptr || after == nullptr ? before != after : *before != *after;
    };
    return differs({"spec"}) ||
           (ref.resource == &kube::res::kDeployments && differs({"metadata", "annotations"}));
  }

  /// Stores the next state, or removes the object if nothing holds it any more.
  Result<kube::ObjectPtr> commit(const control::ObjectRef& ref, const Object& live, Object next) {
    const kube::ObjectMeta meta = kube::metaOf(next);
    const auto* held = kube::findArray(next, {"spec", "finalizers"});
    ++writes;
    if (meta.terminating() && meta.finalizers.empty() &&
        meta.deletionGracePeriodSeconds.value_or(0) == 0 && (held == nullptr || held->empty())) {
      return store_.remove(*ref.resource, ref.ns, ref.name, revisionOf(live));
    }
    return store_.update(*ref.resource, ref.ns, ref.name, revisionOf(live), std::move(next));
  }

  control::Store& store_;
  const FakeClock& clock_;
  int names_ = 0;
  int uids_ = 0;
};

}  // namespace hitless::testing
