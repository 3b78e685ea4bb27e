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
  ClientPlace place = TRY(placeOn(info, run.clientNode));
  place.folder = plan.folder;
  std::vector<LoadClient> clients;
  for (const scenario::LoadLine& line : plan.scenario.loads) {
    clients.push_back(TRY(LoadClient::start(place, api, line, clients.size() + 1)));
  }
  const auto started = std::chrono::steady_clock::now();
  progress("load runs");
  api.pause(plan.scenario.duration / 3);
  run.actionStarted = wallNow();
  TRY_VOID(performAll(plan, info, api, progress));
  TRY_VOID(awaitReady(api, plan.manifests, kRolloutTimeout));
  run.rolloutComplete = wallNow();
  TRY_VOID(awaitOldPodsGone(api, plan.manifests, {}, kRolloutTimeout));
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
  TRY_VOID(awaitRules(api, info, kReadyTimeout));
  progress("pods are ready and in the rules of every node");

  report::ProfileRun run;
  run.profile = profile.name;
  run.clientNode = plan.scenario.clientNode.empty() ? info.nodes.front() : plan.scenario.clientNode;
  TRY_VOID(driveLoad(plan, info, api, progress, run));
  run.events = TRY(readTimeline(info));
  return run;
}

}  // namespace hitless::app
