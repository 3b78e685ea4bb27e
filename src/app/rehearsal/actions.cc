#include "app/rehearsal/actions.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "app/cluster/cluster_process.h"
#include "core/kube/resource.h"

namespace hitless::app {
namespace {

namespace json = kube::json;
using scenario::Action;

/// The URL path of the workload that the action names; its kind is the resource's singular.
std::string workloadPath(const Action& action) {
  for (const kube::Resource& resource : kube::resources()) {
    if (resource.singular == action.kind) {
      return sys::pathOf(resource, action.ns, action.name);
    }
  }
  return {};
}

Status restart(const Action& action, ApiSession& api, WallTime now) {
  // The annotation that `kubectl rollout restart` sets.
  json::object patch;
  kube::ensureObject(patch, {"spec", "template", "metadata", "annotations"})
      .emplace("kubectl.kubernetes.io/restartedAt", formatTime(now));
  return api
      .patch(workloadPath(action) + "?fieldManager=hitless",
             "application/strategic-merge-patch+json", patch)
      .map([](const json::object&) {});
}

Status scale(const Action& action, ApiSession& api) {
  const json::object patch{{"spec", json::object{{"replicas", action.replicas}}}};
  return api
      .patch(workloadPath(action) + "/scale?fieldManager=hitless", "application/merge-patch+json",
             patch)
      .map([](const json::object&) {});
}

Status killAgent(const Action& action, const ClusterInfo& info) {
  const pid_t pid = TRY(agentProcess(info, action.name));
  const auto process = sys::processOf(pid);
  return process ? sys::signalProcess(*process, SIGKILL)
                 : Status(fail(ErrorKind::kNotFound, "the agent is gone already"));
}

Status shell(const Action& action, const ClusterInfo& info) {
  ::setenv("KUBECONFIG", info.kubeconfig.c_str(), 1);
  const int status = std::system(action.command.c_str());
  if (status != 0) {
    return fail(ErrorKind::kInternal, fmt::format("'{}' ended with status {}", action.command,
                                                  status > 255 ? status / 256 : status));
  }
  return {};
}

Status crash(const Action& action, const ClusterInfo& info, ApiSession& api,
             timeline::Sink& timeline, Aftermath& aftermath) {
  aftermath.crashed.push_back(TRY(crashPod(action, info, api, timeline)));
  return {};
}

Status setLink(const Action& action, bool up, const ClusterInfo& info, timeline::Sink& timeline,
               Aftermath& aftermath) {
  TRY_VOID(setNodeLink(info, action.name, up, timeline));
  std::erase(aftermath.cutNodes, action.name);
  if (!up) {
    aftermath.cutNodes.push_back(action.name);
  }
  return {};
}

}  // namespace

Status perform(const Action& action, const ClusterInfo& info, ApiSession& api,
               timeline::Sink& timeline, Aftermath& aftermath) {
  const WallTime now = std::chrono::system_clock::now();
  timeline::Event event;
  event.time = now;
  event.what = timeline::What::kActionStarted;
  event.detail = action.text;
  timeline.record(event);
  Status status;
  switch (action.verb) {
    case Action::Verb::kRolloutRestart:
      status = restart(action, api, now);
      break;
    case Action::Verb::kScale:
      status = scale(action, api);
      break;
    case Action::Verb::kDeletePod:
      status = api.remove(sys::pathOf(kube::res::kPods, action.ns, action.name));
      break;
    case Action::Verb::kKillAgent:
      status = killAgent(action, info);
      break;
    case Action::Verb::kCommand:
      status = shell(action, info);
      break;
    case Action::Verb::kCrashPod:
      status = crash(action, info, api, timeline, aftermath);
      break;
    case Action::Verb::kCutNode:
    case Action::Verb::kMendNode:
      status = setLink(action, action.verb == Action::Verb::kMendNode, info, timeline, aftermath);
      break;
    case Action::Verb::kWait:
      api.pause(action.duration);
      break;
  }
  if (!status) {
    return tl::unexpected<Error>(std::move(status).error().about(action.text));
  }
  return {};
}

}  // namespace hitless::app
