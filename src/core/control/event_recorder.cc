#include "core/control/event_recorder.h"

#include <fmt/format.h>

#include "core/control/identity.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

constexpr std::size_t kRemembered = 4096;

}  // namespace

std::string EventRecorder::keyOf(const EmitEvent& event, const std::string& ns) const {
  const ObjectRef& about = event.regarding;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", ns,
                     about.resource == nullptr ? "" : about.resource->kind, about.name, about.uid,
                     event.type, event.reason, event.component, event.message);
}

void EventRecorder::record(const EmitEvent& event) {
  if (event.regarding.resource == nullptr) {
    return;
  }
  const std::string ns = event.regarding.ns.empty() ? "default" : event.regarding.ns;
  const std::string key = keyOf(event, ns);
  if (const auto known = names_.find(key); known != names_.end() && countUp(ns, known->second)) {
    return;
  }
  if (names_.size() >= kRemembered) {
    names_.clear();  // Costs at most one more object for each event that goes on repeating.
  }
  names_[key] = create(event, ns);
}

bool EventRecorder::countUp(const std::string& ns, const std::string& name) {
  const kube::ObjectPtr live = store_.get(kube::res::kEvents, ns, name);
  if (live == nullptr) {
    return false;
  }
  json::object next = *live;
  next["count"] = kube::integer(next, {"count"}, 1) + 1;
  next["lastTimestamp"] = formatTime(clock_.wall());
  return store_.update(kube::res::kEvents, ns, name, revisionOf(*live), std::move(next))
      .has_value();
}

std::string EventRecorder::create(const EmitEvent& event, const std::string& ns) {
  const ObjectRef& about = event.regarding;
  const std::string now = formatTime(clock_.wall());
  const std::string name = fmt::format(
      "{}.{:016x}", about.name,
      clock_.wall().time_since_epoch().count() ^ static_cast<std::int64_t>(rng_.next() & 0xffff));
  json::object involved{{"kind", json::string(about.resource->kind)}};
  if (!about.ns.empty()) {
    involved.emplace("namespace", about.ns);
  }
  involved.emplace("name", about.name);
  involved.emplace("uid", about.uid);
  involved.emplace("apiVersion", about.resource->apiVersion());
  json::object object{
      {"kind", "Event"},
      {"apiVersion", "v1"},
      {"metadata",
       json::object{
           {"name", name}, {"namespace", ns}, {"uid", makeUid(rng_)}, {"creationTimestamp", now}}},
      {"involvedObject", std::move(involved)},
      {"reason", event.reason},
      {"message", event.message},
      {"source", json::object{{"component", event.component}}},
      {"firstTimestamp", now},
      {"lastTimestamp", now},
      {"count", 1},
      {"type", event.type},
      {"eventTime", nullptr},
      {"reportingComponent", event.component},
      {"reportingInstance", ""}};
  (void)store_.create(kube::res::kEvents, ns, name, std::move(object));
  return name;
}

void EventRecorder::expire(nanoseconds age) {
  const WallTime oldest = clock_.wall() - age;
  for (const kube::ObjectPtr& event : store_.list(kube::res::kEvents, "")) {
    std::string_view seen = kube::text(*event, {"lastTimestamp"});
    if (seen.empty()) {
      seen = kube::text(*event, {"metadata", "creationTimestamp"});
    }
    if (const auto time = parseTime(seen); time && *time < oldest) {
      (void)store_.remove(kube::res::kEvents, kube::text(*event, {"metadata", "namespace"}),
                          kube::text(*event, {"metadata", "name"}), revisionOf(*event));
    }
  }
}

}  // namespace hitless::control
