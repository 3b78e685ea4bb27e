#include "core/node/event_book.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::node {
namespace {

using kube::json::object;

constexpr std::size_t kMostKnown = 1024;

std::string fieldPath(const PodSpec& pod, const std::string& container) {
  if (container.empty()) {
    return {};
  }
  const bool init = std::any_of(pod.initContainers.begin(), pod.initContainers.end(),
                                [&](const ContainerSpec& spec) { return spec.name == container; });
  return fmt::format("spec.{}{{{}}}", init ? "initContainers" : "containers", container);
}

object eventObject(const PodSpec& pod, const Emit& emit, const std::string& node,
                   const std::string& name, WallTime now) {
  object about{{"kind", "Pod"},
               {"apiVersion", "v1"},
               {"namespace", pod.ns},
               {"name", pod.name},
               {"uid", pod.uid}};
  if (const std::string path = fieldPath(pod, emit.container); !path.empty()) {
    about["fieldPath"] = path;
  }
  return object{{"apiVersion", "v1"},
                {"kind", "Event"},
                {"metadata", object{{"name", name}, {"namespace", pod.ns}}},
                {"involvedObject", std::move(about)},
                {"type", emit.warning ? "Warning" : "Normal"},
                {"reason", emit.reason},
                {"message", emit.message},
                {"source", object{{"component", "kubelet"}, {"host", node}}},
                {"reportingComponent", "kubelet"},
                {"reportingInstance", node},
                {"firstTimestamp", formatTime(now)},
                {"lastTimestamp", formatTime(now)},
                {"eventTime", nullptr},
                {"count", 1}};
}

}  // namespace

EventBook::Write EventBook::write(const PodSpec& pod, const Emit& emit, WallTime now) {
  const std::string key =
      pod.uid + '\n' + emit.container + '\n' + emit.reason + '\n' + emit.message;
  if (const auto it = byKey_.find(key); it != byKey_.end()) {
    known_.splice(known_.begin(), known_, it->second);
    Known& event = known_.front();
    ++event.count;
    return {false, pod.ns, event.name,
            object{{"count", event.count}, {"lastTimestamp", formatTime(now)}}};
  }
  const auto stamp = static_cast<std::uint64_t>(now.time_since_epoch().count());
  // Two events within one reading of the clock must not share a name.
  const std::string name = fmt::format("{}.{:x}{:02x}", pod.name, stamp, known_.size() % 256);
  known_.push_front({key, name, 1});
  byKey_[key] = known_.begin();
  if (known_.size() > kMostKnown) {
    byKey_.erase(known_.back().key);
    known_.pop_back();
  }
  return {true, pod.ns, name, eventObject(pod, emit, node_, name, now)};
}

}  // namespace hitless::node
