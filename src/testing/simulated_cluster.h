#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/control/manager.h"
#include "core/control/memory_store.h"
#include "core/kube/workload.h"
#include "testing/fake_api.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::testing {

/// All controllers on a store in memory, on a clock that the test moves. The kubelet's part is
/// played by the test: startPod(), makeReady(), finishPod().
class SimulatedCluster {
 public:
  struct Recorder : timeline::Sink {
    std::vector<timeline::Event> events;
    void record(const timeline::Event& event) override { events.push_back(event); }
  };

  explicit SimulatedCluster(control::ManagerOptions options = {}, int nodes = 1)
      : api(store, clock),
        manager_(store, api, timeline, clock, rng, std::move(options), [this] { ++wakes; }) {
    addNamespace("default");
    for (int i = 1; i <= nodes; ++i) {
      addNode(fmt::format("node-{}", i));
    }
    manager_.start();
    settle();
  }

  FakeClock clock;
  FakeRng rng;
  control::MemoryStore store;
  FakeApi api;
  Recorder timeline;
  int wakes = 0;

  // --- time ----------------------------------------------------------------------------------

  /// Works until nothing is ready now. Gives up after very many steps: controllers that never come
  /// to rest are a bug.
  bool settle() {
    for (int i = 0; i < 100000; ++i) {
      if (!manager_.runSome(1) && !ready()) {
        return true;
      }
    }
    return false;
  }

  /// One reconcile; true if more is ready.
  bool step() { return manager_.runSome(1) || ready(); }

  /// Lets time pass, stopping wherever a controller wants to be asked.
  void pass(nanoseconds time) {
    const MonoTime end = clock.mono() + time;
    settle();
    for (auto next = manager_.nextWake(); next && *next <= end; next = manager_.nextWake()) {
      clock.advance(std::max(*next - clock.mono(), nanoseconds{0}));
      settle();
    }
    clock.advance(end - clock.mono());
    settle();
  }

  std::optional<MonoTime> nextWake() const { return manager_.nextWake(); }

  // --- what users do -------------------------------------------------------------------------

  void create(const kube::Resource& resource, std::string_view json) {
    (void)api.run(control::Create{&resource, kube::parseJson(json).value().as_object()}).value();
  }

  void patch(const kube::Resource& resource, std::string_view name, std::string_view json,
             std::string_view subresource = "") {
    (void)api
        .run(control::Patch{refTo(resource, name), std::string(subresource),
                            kube::parseJson(json).value().as_object()})
        .value();
  }

  void remove(const kube::Resource& resource, std::string_view name, std::string policy = "") {
    (void)api.run(control::Delete{refTo(resource, name), {}, std::move(policy)}).value();
  }

  void addNamespace(std::string_view name) {
    create(kube::res::kNamespaces,
           fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":{{"finalizers":["kubernetes"]}},
                            "status":{{"phase":"Active"}}}})",
                       name));
  }

  void addNode(std::string_view name) {
    create(kube::res::kNodes,
           fmt::format(R"({{"metadata":{{"name":"{0}","labels":{{"kubernetes.io/hostname":"{0}"}}}},
                            "status":{{"conditions":[{{"type":"Ready","status":"True"}}]}}}})",
                       name));
  }

  // --- what kubelets do ----------------------------------------------------------------------

  void startPod(const kube::Pod& pod) {
    patch(kube::res::kPods, pod.meta.name,
          fmt::format(R"({{"status":{{"phase":"Running","podIPs":[{{"ip":"10.42.{}.{}"}}],
                           "conditions":[{{"type":"Ready","status":"False"}}]}}}})",
                      nextIp_ / 250, nextIp_ % 250 + 1),
          "status");
    ++nextIp_;
  }

  void setReady(const kube::Pod& pod, bool ready = true) {
    patch(kube::res::kPods, pod.meta.name,
          fmt::format(R"({{"status":{{"conditions":[{{"type":"Ready","status":"{}",
                           "lastTransitionTime":"{}"}}]}}}})",
                      ready ? "True" : "False", formatTime(clock.wall())),
          "status");
  }

  /// Its containers have ended by themselves: Succeeded or Failed.
  void endPod(const kube::Pod& pod, std::string_view phase) {
    patch(kube::res::kPods, pod.meta.name,
          fmt::format(R"({{"status":{{"phase":"{}",
                           "conditions":[{{"type":"Ready","status":"False"}}]}}}})",
                      phase),
          "status");
  }

  /// The object of a terminating pod goes.
  void finishPod(const kube::Pod& pod) {
    (void)api.run(control::Delete{refTo(kube::res::kPods, pod.meta.name), 0}).value();
  }

  /// Starts every bound pod that is not running, makes every running one ready and finishes every
  /// terminating one, until nothing changes.
  void runPods() {
    for (bool changed = true; changed;) {
      settle();
      changed = false;
      for (const kube::Pod& pod : pods()) {
        if (pod.meta.terminating()) {
          finishPod(pod);
        } else if (!pod.nodeName.empty() && pod.podIPs.empty()) {
          startPod(pod);
        } else if (!pod.nodeName.empty() && !pod.ready()) {
          setReady(pod);
        } else {
          continue;
        }
        changed = true;
      }
    }
  }

  // --- what is there -------------------------------------------------------------------------

  kube::ObjectPtr get(const kube::Resource& resource, std::string_view name,
                      std::string_view ns = "default") const {
    return store.get(resource, resource.namespaced ? ns : "", name);
  }

  std::vector<kube::Pod> pods() const { return all(kube::res::kPods, kube::podOf); }
  std::vector<kube::ReplicaSet> replicaSets() const {
    return all(kube::res::kReplicaSets, kube::replicaSetOf);
  }
  std::vector<kube::EndpointSlice> slices() const {
    return all(kube::res::kEndpointSlices, kube::endpointSliceOf);
  }
  kube::Job job(std::string_view name) const { return kube::jobOf(*get(kube::res::kJobs, name)); }
  kube::DaemonSet daemonSet(std::string_view name) const {
    return kube::daemonSetOf(*get(kube::res::kDaemonSets, name));
  }
  kube::StatefulSet statefulSet(std::string_view name) const {
    return kube::statefulSetOf(*get(kube::res::kStatefulSets, name));
  }
  std::vector<kube::ControllerRevision> revisions() const {
    return all(kube::res::kControllerRevisions, kube::controllerRevisionOf);
  }
  kube::Deployment deployment(std::string_view name) const {
    return kube::deploymentOf(*get(kube::res::kDeployments, name));
  }

  /// "REASON: MESSAGE" of the Events about objects of one kind, in order.
  std::vector<std::string> eventsAbout(std::string_view kind) const {
    std::vector<std::string> out;
    for (const control::EmitEvent& event : api.events) {
      if (event.regarding.resource->kind == kind) {
        out.push_back(fmt::format("{}: {}", event.reason, event.message));
      }
    }
    return out;
  }

 private:
  bool ready() const {
    const auto next = manager_.nextWake();
    return next && *next <= clock.mono();
  }

  static control::ObjectRef refTo(const kube::Resource& resource, std::string_view name) {
    return {&resource, resource.namespaced ? "default" : "", std::string(name), ""};
  }

  template <class T>
  std::vector<T> all(const kube::Resource& resource, T (*decode)(const kube::json::object&)) const {
    std::vector<T> out;
    for (const kube::ObjectPtr& object : store.list(resource, "default")) {
      out.push_back(decode(*object));
    }
    return out;
  }

  control::Manager manager_;
  int nextIp_ = 0;
};

/// Lets one pod, chosen by `choice`, take its next step in life: to its start, to ready, or to its
/// end once it terminates. False if none has one to take.
inline bool advanceOnePod(SimulatedCluster& cluster, unsigned choice) {
  std::vector<kube::Pod> moving;
  for (const kube::Pod& pod : cluster.pods()) {
    if (pod.meta.terminating() || (!pod.nodeName.empty() && !pod.ready())) {
      moving.push_back(pod);
    }
  }
  if (moving.empty()) {
    return false;
  }
  const kube::Pod& pod = moving[choice % moving.size()];
  if (pod.meta.terminating()) {
    cluster.finishPod(pod);
  } else if (pod.podIPs.empty()) {
    cluster.startPod(pod);
  } else {
    cluster.setReady(pod);
  }
  return true;
}

}  // namespace hitless::testing
