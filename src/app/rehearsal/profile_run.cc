#include "app/rehearsal/profile_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "app/cluster/deploy.h"
#include "app/cluster/launch.h"
#include "app/rehearsal/actions.h"
#include "app/rehearsal/client.h"
#include "base/text.h"
#include "core/kube/objects.h"
#include "core/kube/rollout.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

constexpr seconds kReadyTimeout{120};
constexpr seconds kRolloutTimeout{600};
/// The load goes on for so long after the last old pod is gone, to see that nothing comes later.
constexpr seconds kAfterglow{1};
constexpr milliseconds kRulesPoll{20};

WallTime wallNow() {
  return std::chrono::system_clock::now();
}

/// Ends the cluster when a rehearsal returns, however it does.
class ClusterGuard {
 public:
  explicit ClusterGuard(ClusterInfo info) : info_(std::move(info)) {}
  ClusterGuard(const ClusterGuard&) = delete;
  ClusterGuard& operator=(const ClusterGuard&) = delete;
  ~ClusterGuard() { (void)stopCluster(info_); }

 private:
  ClusterInfo info_;
};

/// Namespaces that the manifests put pods into.
std::vector<std::string> namespacesOf(const std::vector<Manifest>& manifests) {
  std::vector<std::string> out;
  for (const Manifest& manifest : manifests) {
    const std::string ns(kube::text(manifest.object, {"metadata", "namespace"}, "default"));
    if (std::find(out.begin(), out.end(), ns) == out.end()) {
      out.push_back(ns);
    }
  }
  return out;
}

bool anyTerminating(const json::object& podList) {
  const json::array* items = kube::findArray(podList, {"items"});
  return items != nullptr && std::any_of(items->begin(), items->end(), [](const auto& item) {
           const json::object* pod = item.if_object();
           return pod != nullptr && kube::find(*pod, {"metadata", "deletionTimestamp"}) != nullptr;
         });
}

Status awaitOldPodsGone(ApiSession& api, const std::vector<Manifest>& manifests) {
  for (const std::string& ns : namespacesOf(manifests)) {
    TRY_VOID(api.waitFor(
        sys::pathOf(kube::res::kPods, ns), kRolloutTimeout,
        [](const json::object& list) { return !anyTerminating(list); },
        [&](const json::object&) {
          return fmt::format("pods in namespace {} are still terminating after {} s", ns,
                             kRolloutTimeout.count());
        }));
  }
  return {};
}

Result<std::vector<timeline::Event>> readTimeline(const ClusterInfo& info) {
  const std::string text = TRY(readFile(info.statePath("timeline.jsonl")));
  std::vector<timeline::Event> events;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) {
      events.push_back(TRY(timeline::decode(line)));
    }
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return events;
}

/// True if every node's kernel holds the latest state of the endpoints.
bool rulesAreCurrent(const std::vector<timeline::Event>& events,
                     const std::vector<std::string>& nodes) {
  std::uint64_t wanted = 0;
  std::map<std::string, std::uint64_t> committed;
  for (const timeline::Event& event : events) {
    if (event.what == timeline::What::kEndpointsUpdated) {
      wanted = std::max(wanted, event.revision);
    } else if (event.what == timeline::What::kRulesCommitted) {
      std::uint64_t& revision = committed[event.node];
      revision = std::max(revision, event.revision);
    }
  }
  return std::all_of(nodes.begin(), nodes.end(),
                     [&](const std::string& node) { return committed[node] >= wanted; });
}

/// Ready pods are not enough: with stock's delays the rules that lead to them come later.
Status awaitRules(ApiSession& api, const ClusterInfo& info) {
  const auto deadline = std::chrono::steady_clock::now() + kReadyTimeout;
  while (!rulesAreCurrent(TRY(readTimeline(info)), info.nodes)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorKind::kUnavailable, "the nodes' packet rules do not follow the endpoints",
                  "see the agents' log in the cluster's state folder");
    }
    api.pause(kRulesPoll);
  }
  return {};
}

Status performAll(const RehearsalPlan& plan, const ClusterInfo& info, ApiSession& api,
                  const Progress& progress) {
  for (const scenario::Action& action : plan.actions) {
    progress(action.text);
    TRY_VOID(perform(action, info, api, wallNow()));
  }
  return {};
}

/// From the first request to the last: the middle part of a rehearsal.
Status driveLoad(const RehearsalPlan& plan, const ClusterInfo& info, ApiSession& api,
                 const Progress& progress, report::ProfileRun& run) {
  const std::string workDir = info.kubeconfig.substr(0, info.kubeconfig.rfind('/'));
  std::vector<LoadClient> clients;
  for (const scenario::LoadLine& line : plan.scenario.loads) {
    clients.push_back(TRY(LoadClient::start(info, api, run.clientNode, line, workDir)));
  }
  const auto started = std::chrono::steady_clock::now();
  progress("load runs");
  api.pause(plan.scenario.duration / 3);
  run.actionStarted = wallNow();
  TRY_VOID(performAll(plan, info, api, progress));
  TRY_VOID(awaitReady(api, plan.manifests, kRolloutTimeout));
  run.rolloutComplete = wallNow();
  TRY_VOID(awaitOldPodsGone(api, plan.manifests));
  run.lastPodGone = wallNow();
  progress("rollout and last old pod are over; load goes on");
  const auto end = std::max<std::chrono::steady_clock::time_point>(
      started + plan.scenario.duration, std::chrono::steady_clock::now() + kAfterglow);
  api.pause(end - std::chrono::steady_clock::now());
  for (LoadClient& client : clients) {
    run.loads.push_back(TRY(client.stop()));
  }
  return {};
}

}  // namespace

Result<report::ProfileRun> runProfile(const RehearsalPlan& plan, const scenario::Profile& profile,
                                      const Progress& progress) {
  LaunchOptions options;
  options.name = fmt::format("rehearsal-{}-{}", ::getpid(), profile.name);
  options.profile = profile;
  options.nodes = plan.scenario.nodes;
  options.attached = true;
  const ClusterInfo info = TRY(launch(options));
  const ClusterGuard guard(info);
  progress(
      fmt::format("cluster with {} node{} is up", options.nodes, options.nodes == 1 ? "" : "s"));

  ApiSession api = TRY(ApiSession::open(info.kubeconfig));
  TRY_VOID(applyAll(api, plan.manifests));
  TRY_VOID(awaitReady(api, plan.manifests, kReadyTimeout));
  TRY_VOID(awaitRules(api, info));
  progress("pods are ready and in the rules of every node");

  report::ProfileRun run;
  run.profile = profile.name;
  run.clientNode = info.nodes.front();
  TRY_VOID(driveLoad(plan, info, api, progress, run));
  run.events = TRY(readTimeline(info));
  return run;
}

json::object toJson(const report::ProfileRun& run) {
  json::array loads;
  for (const report::NamedLoad& entry : run.loads) {
    loads.push_back(json::object{{"name", entry.name}, {"result", load::toJson(entry.result)}});
  }
  json::array timeline;
  for (const timeline::Event& event : run.events) {
    timeline.emplace_back(timeline::encode(event));
  }
  const auto nanos = [](const std::optional<WallTime>& time) {
    return time.value_or(WallTime{}).time_since_epoch().count();
  };
  return {{"profile", run.profile},
          {"clientNode", run.clientNode},
          {"loads", std::move(loads)},
          {"timeline", std::move(timeline)},
          {"actionStarted", nanos(run.actionStarted)},
          {"rolloutComplete", nanos(run.rolloutComplete)},
          {"lastPodGone", nanos(run.lastPodGone)}};
}

Result<report::ProfileRun> profileRunOf(const json::object& object) {
  report::ProfileRun run;
  run.profile = kube::text(object, {"profile"});
  run.clientNode = kube::text(object, {"clientNode"});
  const auto time = [&object](std::string_view key) {
    return WallTime{nanoseconds{kube::integer(object, {key})}};
  };
  run.actionStarted = time("actionStarted");
  run.rolloutComplete = time("rolloutComplete");
  run.lastPodGone = time("lastPodGone");
  if (const json::array* loads = kube::findArray(object, {"loads"})) {
    for (const json::value& entry : *loads) {
      const json::object* result =
          entry.is_object() ? kube::findObject(entry.get_object(), {"result"}) : nullptr;
      if (result == nullptr) {
        return invalid("a load without a result");
      }
      run.loads.push_back(
          {std::string(kube::text(entry.get_object(), {"name"})), TRY(load::fromJson(*result))});
    }
  }
  if (const json::array* lines = kube::findArray(object, {"timeline"})) {
    for (const json::value& line : *lines) {
      if (line.is_string()) {
        run.events.push_back(TRY(timeline::decode(line.get_string())));
      }
    }
  }
  return run;
}

}  // namespace hitless::app
