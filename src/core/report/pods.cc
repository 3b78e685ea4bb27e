#include "core/report/pods.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"

namespace hitless::report {
namespace {

using timeline::Event;
using timeline::What;

void keepFirst(std::optional<WallTime>& time, WallTime candidate) {
  time = time ? std::min(*time, candidate) : candidate;
}

void keepLast(std::optional<WallTime>& time, WallTime candidate) {
  time = time ? std::max(*time, candidate) : candidate;
}

void applyReady(PodHistory& pod, WallTime time) {
  if (!pod.ready) {
    // What ended in good order until now was an init container.
    std::erase_if(pod.crashes, [](const Crash& crash) { return crash.detail == "exit 0"; });
  }
  keepFirst(pod.ready, time);
  if (!pod.crashes.empty() && !pod.crashes.back().ready) {
    pod.crashes.back().ready = time;
  }
}

void applyExit(PodHistory& pod, const Event& event) {
  pod.exitDetail = event.detail;
  keepLast(pod.exited, event.time);
  if (!pod.sigterm && !pod.deleted) {
    // The kubelet sees an end some time after the kernel; whoever killed it knows better.
    const WallTime time = pod.killed ? *std::exchange(pod.killed, {}) : event.time;
    pod.crashes.push_back({time, {}, event.detail, {}, {}});
  }
}

/// Events come in order of time.
void apply(PodHistory& pod, const Event& event) {
  switch (event.what) {
    case What::kPodReady:
      return applyReady(pod, event.time);
    case What::kPodDeleted:
      return keepFirst(pod.deleted, event.time);
    case What::kGateHeld:
      return keepFirst(pod.gateHeld, event.time);
    case What::kGatePassed:
      pod.gateDetail = event.detail;
      return keepLast(pod.gatePassed, event.time);
    case What::kPodCrashed:
      pod.killed = event.time;
      return;
    case What::kSigterm:
      return keepFirst(pod.sigterm, event.time);
    case What::kSigkill:
      return keepFirst(pod.sigkill, event.time);
    case What::kContainerExited:
      return applyExit(pod, event);
    case What::kPodGone:
      return keepLast(pod.gone, event.time);
    default:
      return;
  }
}

/// Whether `pod` of the event names a pod, and not a Service.
bool namesPod(const Event& event) {
  return !event.pod.empty() && event.what != What::kEndpointsUpdated &&
         event.what != What::kNamesWithdrawn;
}

bool lists(const Event& update, std::string_view ip) {
  const auto ready = split(update.detail, ',');
  return std::find(ready.begin(), ready.end(), ip) != ready.end();
}

/// The update with which a pod left its Services: the first one after its deletion that lacks its
/// address where the one before had it, else the last before the deletion.
const Event* removalOf(const PodHistory& pod, const std::vector<Event>& events) {
  std::map<std::string_view, bool> listed;  // by Service
  const Event* found = nullptr;
  for (const Event& event : events) {
    if (event.what != What::kEndpointsUpdated) {
      continue;
    }
    const bool now = lists(event, pod.ip);
    const bool left = std::exchange(listed[event.pod], now) && !now;
    if (left && pod.deleted && event.time >= *pod.deleted) {
      return &event;
    }
    found = left ? &event : found;
  }
  return found;
}

/// When the client's node had applied an update.
std::optional<WallTime> commitOf(const Event& update, const std::vector<Event>& events,
                                 const std::string& clientNode) {
  std::optional<WallTime> commit;
  for (const Event& event : events) {
    if (event.what == What::kRulesCommitted && event.node == clientNode &&
        event.revision >= update.revision) {
      keepFirst(commit, event.time);
    }
  }
  return commit;
}

/// The update with which an address left its Services after this time.
const Event* removalAfter(WallTime time, std::string_view ip, const std::vector<Event>& events) {
  std::map<std::string_view, bool> listed;  // by Service
  for (const Event& event : events) {
    if (event.what != What::kEndpointsUpdated) {
      continue;
    }
    const bool now = lists(event, ip);
    const bool left = std::exchange(listed[event.pod], now) && !now;
    if (left && event.time >= time) {
      return &event;
    }
  }
  return nullptr;
}

void joinCrashes(PodHistory& pod, const std::vector<Event>& events, const std::string& clientNode) {
  for (Crash& crash : pod.crashes) {
    const Event* removal = removalAfter(crash.time, pod.ip, events);
    if (removal != nullptr && (!crash.ready || removal->time < *crash.ready)) {
      crash.endpointUpdate = removal->time;
      crash.rulesCommit = commitOf(*removal, events, clientNode);
    }
  }
}

void joinRules(PodHistory& pod, const std::vector<Event>& events, const std::string& clientNode) {
  const Event* removal = pod.deleted && !pod.ip.empty() ? removalOf(pod, events) : nullptr;
  if (removal == nullptr) {
    return;
  }
  pod.endpointUpdate = removal->time;
  pod.endpointRevision = removal->revision;
  pod.rulesCommit = commitOf(*removal, events, clientNode);
}

/// The events that the kubelet writes: what an agent says of a pod may come from another node.
bool onItsNode(What what) {
  return what == What::kPodReady || what == What::kSigterm || what == What::kContainerExited ||
         what == What::kHookStarted || what == What::kPodCrashed;
}

/// Whether the event is of a pod that leaves, by its name or its address.
bool concerns(const Event& event, const PodHistory& pod, WallTime until) {
  if (event.time < *pod.deleted || event.time >= until || event.what == What::kEndpointsUpdated) {
    return false;
  }
  return namesPod(event) ? event.pod == pod.name : !pod.ip.empty() && event.ip == pod.ip;
}

/// When its name or its address is next seen at another pod.
WallTime succeeded(const PodHistory& pod, const std::vector<PodHistory>& pods) {
  WallTime until = WallTime::max();
  for (const PodHistory& other : pods) {
    if (other.firstSeen > *pod.deleted && (other.name == pod.name || other.ip == pod.ip)) {
      until = std::min(until, other.firstSeen);
    }
  }
  return until;
}

/// A pod of a StatefulSet has the name of the one before it, once that is gone.
bool beginsAnew(const PodHistory& pod, const Event& event) {
  return pod.gone && event.time > *pod.gone &&
         (onItsNode(event.what) || event.what == What::kPodDeleted);
}

/// One history for each pod, without what has to be looked up.
std::vector<PodHistory> livesOf(const std::vector<Event>& events) {
  std::vector<PodHistory> pods;
  std::map<std::string, std::size_t> latest;  // by name
  for (const Event& event : events) {
    if (!namesPod(event)) {
      continue;
    }
    const auto found = latest.find(event.pod);
    if (found == latest.end() || beginsAnew(pods[found->second], event)) {
      latest[event.pod] = pods.size();
      pods.emplace_back();
      pods.back().name = event.pod;
      pods.back().firstSeen = event.time;
    }
    PodHistory& pod = pods[latest[event.pod]];
    pod.ip = event.ip.empty() ? pod.ip : event.ip;
    pod.node = event.node.empty() || !onItsNode(event.what) ? pod.node : event.node;
    apply(pod, event);
  }
  return pods;
}

void addStep(PodHistory& pod, const Event& event) {
  pod.steps.push_back(
      {event.time, std::string(timeline::name(event)), event.node, event.container, event.detail});
}

/// Each node's first commit of the pod's removal, and everything else that concerns the pod.
void addSteps(PodHistory& pod, const std::vector<Event>& events,
              const std::vector<PodHistory>& pods) {
  if (!pod.deleted) {
    return;
  }
  const WallTime until = succeeded(pod, pods);
  std::vector<std::string> committed;
  for (const Event& event : events) {
    const bool removal = event.what == What::kEndpointsUpdated && pod.endpointUpdate &&
                         event.time == *pod.endpointUpdate &&
                         event.revision == pod.endpointRevision;
    const bool commit =
        event.what == What::kRulesCommitted && pod.endpointUpdate &&
        event.revision >= pod.endpointRevision &&
        std::find(committed.begin(), committed.end(), event.node) == committed.end();
    if (commit) {
      committed.push_back(event.node);
    }
    if (commit || removal || concerns(event, pod, until)) {
      addStep(pod, event);
    }
  }
}

}  // namespace

std::optional<WallTime> PodHistory::stopping() const {
  // An exit before the deletion was a crash, after which its containers were started again.
  const auto end = exited && deleted && *exited < *deleted ? std::nullopt : exited;
  return sigterm && end ? std::min(*sigterm, *end) : (sigterm ? sigterm : end);
}

bool PodHistory::finished() const {
  return !crashes.empty() && !crashes.back().ready && crashes.back().detail == "exit 0";
}

const Crash* PodHistory::crashAt(WallTime time) const {
  for (const Crash& crash : crashes) {
    if (crash.time <= time && (!crash.ready || time < *crash.ready)) {
      return &crash;
    }
  }
  return nullptr;
}

std::vector<PodHistory> podHistories(const std::vector<Event>& unordered,
                                     const std::string& clientNode) {
  std::vector<Event> events = unordered;
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  std::vector<PodHistory> pods = livesOf(events);
  for (PodHistory& pod : pods) {
    joinRules(pod, events, clientNode);
    joinCrashes(pod, events, clientNode);
    addSteps(pod, events, pods);
  }
  std::stable_sort(pods.begin(), pods.end(), [](const PodHistory& a, const PodHistory& b) {
    const WallTime left = a.deleted.value_or(WallTime::max());
    const WallTime right = b.deleted.value_or(WallTime::max());
    return left != right ? left < right : a.name < b.name;
  });
  return pods;
}

const PodHistory* podAt(const std::vector<PodHistory>& pods, const IpAddress& ip, WallTime time) {
  const std::string text = ip.text();
  const PodHistory* best = nullptr;
  for (const PodHistory& pod : pods) {
    if (pod.ip != text) {
      continue;
    }
    // Of several with the address, the youngest that had appeared; else the oldest.
    const bool appeared = pod.firstSeen <= time;
    const bool bestAppeared = best != nullptr && best->firstSeen <= time;
    const bool better = best == nullptr || (appeared && !bestAppeared) ||
                        (appeared == bestAppeared && (appeared ? pod.firstSeen > best->firstSeen
                                                               : pod.firstSeen < best->firstSeen));
    best = better ? &pod : best;
  }
  return best;
}

}  // namespace hitless::report
