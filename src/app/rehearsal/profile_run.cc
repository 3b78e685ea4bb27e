#include "app/rehearsal/profile_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "app/cluster/deploy.h"
#include "app/cluster/launch.h"
#include "app/rehearsal/actions.h"
#include "app/rehearsal/client.h"
#include "app/rehearsal/waiting.h"

namespace hitless::app {
namespace {

constexpr seconds kReadyTimeout{120};
constexpr seconds kRolloutTimeout{600};
/// What a client that ends by itself may take.
constexpr seconds kClientTimeout{3600};
/// The load goes on for so long after the last old pod is gone, to see that nothing comes later.
constexpr seconds kAfterglow{1};

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

/// What the rehearsal itself does to the cluster belongs to the run's events, too.
class RunEvents : public timeline::Sink {
 public:
  explicit RunEvents(report::ProfileRun& run) : run_(run) {}
  void record(const timeline::Event& event) override { run_.events.push_back(event); }

 private:
  report::ProfileRun& run_;
};

Result<std::vector<LoadClient>> startLoads(const RehearsalPlan& plan, const ClusterInfo& info,
                                           ApiSession& api, const std::string& node) {
  ClientPlace place = TRY(placeOn(info, node));
  place.folder = plan.folder;
  std::vector<LoadClient> clients;
  for (const scenario::LoadLine& line : plan.scenario.loads) {
    clients.push_back(TRY(LoadClient::start(place, api, line, clients.size() + 1)));
  }
  return clients;
}

/// From the first action until every workload is as it should be and the last old pod is gone.
Status act(const RehearsalPlan& plan, const ClusterInfo& info, ApiSession& api,
           const Progress& progress, report::ProfileRun& run) {
  RunEvents events(run);
  Aftermath aftermath;
  run.actionStarted = wallNow();
  for (const scenario::Action& action : plan.actions) {
    progress(action.text);
    TRY_VOID(perform(action, info, api, events, aftermath));
  }
  for (const CrashedPod& pod : aftermath.crashed) {
    TRY_VOID(awaitRecovery(api, pod, kRolloutTimeout));
  }
  TRY_VOID(awaitReady(api, plan.manifests, kRolloutTimeout));
  run.rolloutComplete = wallNow();
  timeline::Event complete;
  complete.time = *run.rolloutComplete;
  complete.what = timeline::What::kRolloutComplete;
  events.record(complete);
  TRY_VOID(awaitOldPodsGone(api, plan.manifests, aftermath.cutNodes, kRolloutTimeout));
  run.lastPodGone = wallNow();
  return {};
}

/// From the first request to the last: the middle part of a rehearsal.
Status driveLoad(const RehearsalPlan& plan, const ClusterInfo& info, ApiSession& api,
                 const Progress& progress, report::ProfileRun& run) {
  std::vector<LoadClient> clients = TRY(startLoads(plan, info, api, run.clientNode));
  const auto started = std::chrono::steady_clock::now();
  progress("load runs");
  api.pause(plan.scenario.duration / 3);
  TRY_VOID(act(plan, info, api, progress, run));
  progress("all is over; load goes on");
  for (LoadClient& client : clients) {
    TRY_VOID(client.awaitEnd(kClientTimeout));
  }
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
  TRY_VOID(awaitRules(api, info, kReadyTimeout));
  progress("pods are ready and in the rules of every node");

  report::ProfileRun run;
  run.profile = profile.name;
  run.clientNode = plan.scenario.clientNode.empty() ? info.nodes.front() : plan.scenario.clientNode;
  TRY_VOID(driveLoad(plan, info, api, progress, run));
  std::vector<timeline::Event> events = TRY(readTimeline(info));
  run.events.insert(run.events.end(), events.begin(), events.end());
  return run;
}

}  // namespace hitless::app
