#include "core/scenario/prestop_sleep.h"

#include <fmt/format.h>

namespace hitless::scenario {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

constexpr std::int64_t kDefaultGrace = 30;

/// The object of this key, if it is one.
object* member(object* parent, std::string_view key) {
  value* found = parent == nullptr ? nullptr : parent->if_contains(key);
  return found == nullptr ? nullptr : found->if_object();
}

object* podSpecOf(object& manifest) {
  object* spec = member(&manifest, "spec");
  return kube::text(manifest, {"kind"}) == "Pod" ? spec : member(member(spec, "template"), "spec");
}

bool hasOtherHook(const object& container) {
  const object* hook = kube::findObject(container, {"lifecycle", "preStop"});
  return hook != nullptr && !hook->empty() && kube::find(*hook, "sleep") == nullptr;
}

void setHook(object& container, seconds sleep) {
  if (sleep.count() > 0) {
    kube::ensureObject(container, {"lifecycle"})["preStop"] =
        object{{"sleep", object{{"seconds", sleep.count()}}}};
  } else if (object* lifecycle = member(&container, "lifecycle")) {
    lifecycle->erase("preStop");
  }
}

}  // namespace

Result<SleepChange> putSleep(object& manifest, seconds sleep, nanoseconds stop) {
  SleepChange change;
  object* spec = podSpecOf(manifest);
  value* containers = spec == nullptr ? nullptr : spec->if_contains("containers");
  if (containers == nullptr || !containers->is_array()) {
    return change;
  }
  for (value& entry : containers->get_array()) {
    object* container = entry.if_object();
    if (container == nullptr) {
      continue;
    }
    std::string name(kube::text(*container, {"name"}));
    if (hasOtherHook(*container)) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("container {} of {}/{} has a preStop hook of its own, and there is "
                              "room for one only",
                              name, kube::text(manifest, {"kind"}),
                              kube::text(manifest, {"metadata", "name"})),
                  "take it away, and put what it does after the sleep");
    }
    setHook(*container, sleep);
    change.containers.push_back(std::move(name));
  }
  const std::int64_t grace =
      kube::optionalInteger(*spec, {"terminationGracePeriodSeconds"}).value_or(kDefaultGrace);
  // A second more than both need: the kubelet's SIGKILL must not come into it.
  const std::int64_t needed =
      sleep.count() == 0 ? 0 : (sleep + std::chrono::ceil<seconds>(stop) + seconds{1}).count();
  change.graceRaised = needed > grace;
  change.grace = std::max(grace, needed);
  if (change.graceRaised) {
    (*spec)["terminationGracePeriodSeconds"] = change.grace;
  }
  return change;
}

}  // namespace hitless::scenario
