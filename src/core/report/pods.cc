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

void apply(PodHistory& pod, const Event& event) {
  switch (event.what) {
    case What::kPodReady:
      return keepFirst(pod.ready, event.time);
    case What::kPodDeleted:
      return keepFirst(pod.deleted, event.time);
    case What::kGateHeld:
      return keepFirst(pod.gateHeld, event.time);
    case What::kGatePassed:
      pod.gateDetail = event.detail;
      return keepLast(pod.gatePassed, event.time);
    case What::kSigterm:
      return keepFirst(pod.sigterm, event.time);
    case What::kSigkill:
      return keepFirst(pod.sigkill, event.time);
    case What::kContainerExited:
      pod.exitDetail = event.detail;
      return keepLast(pod.exited, event.time);
    case What::kPodGone:
      return keepLast(pod.gone, event.time);
    default:
      return;
  }
}

bool concernsPod(What what) {
  switch (what) {
    case What::kPodDeleted:
    case What::kHookStarted:
    case What::kHookFinished:
    case What::kGateHeld:
    case What::kGatePassed:
    case What::kSigterm:
    case What::kSigkill:
    case What::kContainerExited:
    case What::kPodReady:
    case What::kPodGone:
      return true;
    default:
      return false;
  }
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

void joinRules(PodHistory& pod, const std::vector<Event>& events, const std::string& clientNode) {
  const Event* removal = pod.deleted && !pod.ip.empty() ? removalOf(pod, events) : nullptr;
  if (removal == nullptr) {
    return;
  }
  pod.endpointUpdate = removal->time;
  pod.endpointRevision = removal->revision;
  for (const Event& event : events) {
    if (event.what == What::kRulesCommitted && event.node == clientNode &&
        event.revision >= removal->revision) {
      keepFirst(pod.rulesCommit, event.time);
    }
  }
}

}  // namespace

std::optional<WallTime> PodHistory::stopping() const {
  if (sigterm && exited) {
    return std::min(*sigterm, *exited);
  }
  return sigterm ? sigterm : exited;
}

std::vector<PodHistory> podHistories(const std::vector<Event>& unordered,
                                     const std::string& clientNode) {
  std::vector<Event> events = unordered;
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  std::map<std::string, PodHistory> byName;
  for (const Event& event : events) {
    if (event.pod.empty() || !concernsPod(event.what)) {
      continue;
    }
    PodHistory& pod = byName[event.pod];
    if (pod.name.empty()) {
      pod.name = event.pod;
      pod.firstSeen = event.time;
    }
    pod.ip = event.ip.empty() ? pod.ip : event.ip;
    pod.node = event.node.empty() ? pod.node : event.node;
    apply(pod, event);
  }
  std::vector<PodHistory> pods;
  for (auto& [name, pod] : byName) {
    joinRules(pod, events, clientNode);
    pods.push_back(std::move(pod));
  }
  std::stable_sort(pods.begin(), pods.end(), [](const PodHistory& a, const PodHistory& b) {
    return a.deleted.value_or(WallTime::max()) < b.deleted.value_or(WallTime::max());
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
