#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/cluster/manifests.h"
#include "base/clock.h"
#include "core/kube/json.h"
#include "core/load/result.h"
#include "core/scenario/profile.h"
#include "core/scenario/scenario.h"
#include "core/timeline/event.h"

namespace hitless::app {

/// What a rehearsal is about to do.
struct RehearsalPlan {
  scenario::Scenario scenario;
  std::vector<scenario::Action> actions;
  std::vector<Manifest> manifests;
};

struct NamedLoad {
  std::string name;
  load::LoadResult result;
};

/// What happened in one profile.
struct ProfileRun {
  std::string profile;
  std::string clientNode;  ///< Where the load came from.
  std::vector<NamedLoad> loads;
  std::vector<timeline::Event> timeline;
  WallTime actionStarted{};
  WallTime rolloutComplete{};  ///< As `kubectl rollout status` would have said.
  WallTime lastPodGone{};      ///< The last old pod's object is gone too.
};

/// Tells a person what is going on: "4 pods are ready".
using Progress = std::function<void(const std::string&)>;

/// Carries the plan out in a cluster of its own, which ends with the calling process.
Result<ProfileRun> runProfile(const RehearsalPlan& plan, const scenario::Profile& profile,
                              const Progress& progress);

kube::json::object toJson(const ProfileRun& run);
Result<ProfileRun> profileRunOf(const kube::json::object& object);

}  // namespace hitless::app
