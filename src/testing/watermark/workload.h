#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "testing/watermark/api.h"
#include "testing/watermark/queue.h"

namespace hitless::testing::watermark {

/// One pod, and every version of it that the API server has had.
struct SimulatedPod {
  struct Version {
    std::uint64_t revision = 0;
    std::string app;  ///< Value of its label.
    bool ready = false;
    bool deleted = false;
    bool gone = false;
  };
  std::string uid, name, node, ip;
  std::int64_t grace = 30;
  std::vector<Version> versions;

  const Version& now() const { return versions.back(); }
  /// nullptr: not there yet.
  const Version* asOf(std::uint64_t revision) const {
    const Version* found = nullptr;
    for (const Version& version : versions) {
      found = version.revision <= revision ? &version : found;
    }
    return found;
  }
};

/// Pods and Services, and a controller that writes EndpointSlices: late, from an old picture of the
/// pods (which never gets older), and with endpoints that move from slice to slice.
class Workload {
 public:
  Workload(Queue& queue, Rng& rng, Api& api) : queue_(queue), chance_(rng), api_(api) {}

  std::vector<SimulatedPod>& pods() { return pods_; }
  SimulatedPod& pod(const std::string& uid) {
    return *std::find_if(pods_.begin(), pods_.end(),
                         [&](const SimulatedPod& pod) { return pod.uid == uid; });
  }
  /// Pods that exist and are not being deleted.
  std::vector<std::string> running() const {
    std::vector<std::string> uids;
    for (const SimulatedPod& pod : pods_) {
      if (!pod.now().deleted && !pod.now().gone) {
        uids.push_back(pod.uid);
      }
    }
    return uids;
  }

  void create(const std::string& node) {
    SimulatedPod pod;
    pod.uid = fmt::format("u{}", pods_.size());
    pod.name = unused("p", &SimulatedPod::name);
    pod.ip = unused("10.1.0.", &SimulatedPod::ip);
    pod.node = node;
    constexpr std::int64_t kGraces[] = {1, 2, 10, 30, 30};
    pod.grace = kGraces[chance_.below(5)];
    pods_.push_back(std::move(pod));
    write(pods_.back(), {0, label(), false, false, false});
    queue_.in(chance_.lag(), [this, uid = pods_.back().uid] { setReady(uid, true); });
  }
  void setReady(const std::string& uid, bool ready) {
    change(uid, [ready](SimulatedPod::Version& next) { next.ready = ready && !next.deleted; });
  }
  void relabel(const std::string& uid) {
    change(uid, [app = label()](SimulatedPod::Version& next) { next.app = app; });
  }
  void markDeleted(const std::string& uid) {
    change(uid, [](SimulatedPod::Version& next) { next.deleted = true; });
  }
  void remove(const std::string& uid) {
    change(uid, [](SimulatedPod::Version& next) { next.gone = true; });
  }

  /// Creates, deletes or points a Service elsewhere.
  void changeService() {
    const std::string name = fmt::format("s{}", chance_.below(3));
    if (selectors_.contains(name) && chance_.one(3)) {
      selectors_.erase(name);
      api_.remove(Kind::kServices, name);
    } else {
      const std::string app = label();
      selectors_[name] = app;
      api_.put(Kind::kServices, name, "",
               fmt::format(R"(,"spec":{{"selector":{{"app":"{}"}}}})", app));
    }
    reconcileSoon();
  }
  void reconcileSoon() {
    queue_.in(chance_.lag(), [this] { reconcile(); });
  }

 private:
  struct Endpoint {
    std::string uid;
    std::string json;
    bool operator==(const Endpoint&) const = default;
  };
  struct Slice {
    std::string service;
    std::vector<Endpoint> endpoints;
    bool operator==(const Slice&) const = default;
  };

  std::string label() { return std::string(1, "aab"[chance_.below(3)]); }

  /// The lowest number that no pod has: names and addresses are used again.
  std::string unused(const char* prefix, std::string SimulatedPod::*member) const {
    for (int number = 1;; ++number) {
      const std::string text = fmt::format("{}{}", prefix, number);
      const bool taken = std::any_of(pods_.begin(), pods_.end(), [&](const SimulatedPod& pod) {
        return pod.*member == text && !pod.now().gone;
      });
      if (!taken) {
        return text;
      }
    }
  }

  template <class Edit>
  void change(const std::string& uid, Edit edit) {
    SimulatedPod& subject = pod(uid);
    SimulatedPod::Version next = subject.now();
    edit(next);
    if (!subject.now().gone) {
      write(subject, std::move(next));
    }
  }

  void write(SimulatedPod& pod, SimulatedPod::Version next) {
    if (next.gone) {
      api_.remove(Kind::kPods, pod.name);
      next.revision = api_.revision();
    } else {
      next.revision = api_.put(
          Kind::kPods, pod.name,
          fmt::format(
              R"(,"uid":"{0}","labels":{{"app":"{1}"}},"annotations":{{"hitless.io/gate":"g-{0}"}}{2})",
              pod.uid, next.app,
              next.deleted ? fmt::format(R"(,"deletionTimestamp":"2026-11-21T00:00:30Z",)"
                                         R"("deletionGracePeriodSeconds":{})",
                                         pod.grace)
                           : ""),
          fmt::format(
              R"(,"status":{{"podIP":"{}","conditions":[{{"type":"Ready","status":"{}"}}]}})",
              pod.ip, next.ready ? "True" : "False"),
          pod.node);
    }
    pod.versions.push_back(std::move(next));
    reconcileSoon();
  }

  void reconcile() {
    const std::uint64_t now = api_.revision();
    picture_ = chance_.one(3) ? picture_ + chance_.below(now - picture_ + 1) : now;
    if (picture_ < now) {
      reconcileSoon();
    }
    std::set<std::string> services;
    for (const auto& [name, selector] : selectors_) {
      services.insert(name);
    }
    for (const auto& [name, slice] : slices_) {
      services.insert(slice.service);
    }
    for (const std::string& service : services) {
      reconcile(service);
    }
  }

  std::vector<Endpoint> endpointsOf(const std::string& service) const {
    std::vector<Endpoint> endpoints;
    const auto selector = selectors_.find(service);
    for (const SimulatedPod& pod : pods_) {
      const SimulatedPod::Version* version = pod.asOf(picture_);
      if (selector != selectors_.end() && version != nullptr && !version->gone &&
          version->app == selector->second) {
        endpoints.push_back(
            {pod.uid,
             fmt::format(R"({{"addresses":["{}"],"nodeName":"{}","targetRef":{{"uid":"{}"}},)"
                         R"("conditions":{{"ready":{},"serving":{},"terminating":{}}}}})",
                         pod.ip, pod.node, pod.uid, version->ready && !version->deleted,
                         version->ready, version->deleted)});
      }
    }
    return endpoints;
  }

  void reconcile(const std::string& service) {
    std::map<std::string, Slice> next;
    for (const auto& [name, slice] : slices_) {
      if (slice.service == service) {
        next[name] = {service, {}};
      }
    }
    for (const Endpoint& endpoint : endpointsOf(service)) {
      next[placeOf(service, endpoint.uid, next)].endpoints.push_back(endpoint);
    }
    for (auto& [name, slice] : next) {
      slice.service = service;
    }
    write(next);
  }

  /// Where it is, as a rule; else in any slice with room, or in a new one.
  std::string placeOf(const std::string& service, const std::string& uid,
                      const std::map<std::string, Slice>& next) {
    for (const auto& [name, slice] : slices_) {
      const bool here = slice.service == service &&
                        std::any_of(slice.endpoints.begin(), slice.endpoints.end(),
                                    [&](const Endpoint& endpoint) { return endpoint.uid == uid; });
      if (here && !chance_.one(12)) {
        return name;
      }
    }
    for (const auto& [name, slice] : next) {
      if (slice.endpoints.size() < 3 && !chance_.one(3)) {
        return name;
      }
    }
    return fmt::format("{}-{}", service, ++lastSlice_);
  }

  /// As the controller writes: what is new, then what changes (in any order), then what goes.
  void write(const std::map<std::string, Slice>& next) {
    std::vector<std::string> changed;
    for (const auto& [name, slice] : next) {
      const auto known = slices_.find(name);
      if (known == slices_.end()) {
        put(name, slice);
      } else if (known->second != slice && !slice.endpoints.empty()) {
        changed.insert(chance_.one(2) ? changed.begin() : changed.end(), name);
      }
    }
    for (const std::string& name : changed) {
      put(name, next.at(name));
    }
    for (const auto& [name, slice] : next) {
      if (slice.endpoints.empty() && slices_.contains(name)) {
        slices_.erase(name);
        api_.remove(Kind::kSlices, name);
      }
    }
  }

  void put(const std::string& name, const Slice& slice) {
    slices_[name] = slice;
    std::string list;
    for (const Endpoint& endpoint : slice.endpoints) {
      list += (list.empty() ? "" : ",") + endpoint.json;
    }
    api_.put(Kind::kSlices, name,
             fmt::format(
                 R"(,"labels":{{"kubernetes.io/service-name":"{}",)"
                 R"("endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"}})",
                 slice.service),
             fmt::format(R"(,"addressType":"IPv4","endpoints":[{}])", list));
  }

  Queue& queue_;
  Chance chance_;
  Api& api_;
  std::vector<SimulatedPod> pods_;
  std::map<std::string, std::string> selectors_;  ///< Service -> value of label app
  std::map<std::string, Slice> slices_;
  int lastSlice_ = 0;
  std::uint64_t picture_ = 1;  ///< Up to here the controller has seen the pods.
};

}  // namespace hitless::testing::watermark
