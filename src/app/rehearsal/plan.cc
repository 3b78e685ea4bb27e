#include "app/rehearsal/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/cluster/addresses.h"
#include "app/rehearsal/foreign_client.h"
#include "app/scenario_file.h"
#include "base/text.h"
#include "core/load/spec.h"

namespace hitless::app {
namespace {

/// A scenario from flags alone, for -f FOLDER.
scenario::Scenario scenarioOfFlags(const RehearseOptions& options) {
  scenario::Scenario out;
  out.name =
      options.files.empty()
          ? "rehearsal"
          : std::filesystem::path(options.files.front()).lexically_normal().filename().string();
  out.profiles = {"hitless"};
  return out;
}

Status overrideProfiles(const RehearseOptions& options, scenario::Scenario& out) {
  if (!options.profiles.empty()) {
    out.profiles = options.profiles;
  }
  for (const std::string& name : options.compare) {
    if (std::find(out.profiles.begin(), out.profiles.end(), name) == out.profiles.end()) {
      out.profiles.insert(out.profiles.begin(), name);
    }
  }
  for (const std::string& name : out.profiles) {
    TRY_VOID(scenario::findProfile(name).map([](const scenario::Profile&) {}));
  }
  if (std::find(out.profiles.begin(), out.profiles.end(), out.expectProfile) ==
      out.profiles.end()) {
    out.expectProfile = out.profiles.back();
  }
  return {};
}

Status overrideDuration(const RehearseOptions& options, scenario::Scenario& out) {
  if (!options.duration) {
    return {};
  }
  const auto duration = parseDuration(*options.duration);
  if (!duration || *duration < seconds{1} || *duration > seconds{3600}) {
    return invalid(fmt::format("--duration: '{}' is no duration from 1s to 1h", *options.duration));
  }
  out.duration = *duration;
  return {};
}

Status overrideLoads(const RehearseOptions& options, scenario::Scenario& out) {
  if (!options.loads.empty()) {
    out.loads.clear();
  }
  for (const std::string& text : options.loads) {
    const load::LoadSpec spec = TRY(load::parseLoadSpec(text));
    std::string name(load::name(spec.mode));
    if (options.loads.size() > 1) {
      name = fmt::format("{} {}", out.loads.size() + 1, name);
    }
    out.loads.push_back({std::move(name), text, {}});
  }
  if (out.loads.empty()) {
    return invalid("there is no load", "--load 'http://web.default:80/ rate=500 keepalive'");
  }
  return {};
}

/// What can be found wrong with a load before there is a cluster.
Status checkLoads(const RehearsalPlan& plan) {
  for (const scenario::LoadLine& line : plan.scenario.loads) {
    if (line.client.empty()) {
      TRY_VOID(load::parseLoadSpec(line.spec).map([](const load::LoadSpec&) {}));
    } else {
      TRY_VOID(checkClient(line, plan.folder));
    }
  }
  return {};
}

Status checkClientNode(const scenario::Scenario& scenario) {
  std::vector<std::string> nodes;
  for (int i = 1; i <= scenario.nodes; ++i) {
    nodes.push_back(nodeName(i));
  }
  const std::string& wanted = scenario.clientNode;
  if (!wanted.empty() && std::find(nodes.begin(), nodes.end(), wanted) == nodes.end()) {
    return invalid(fmt::format("there is no node '{}' for the loads to run on", wanted),
                   "its nodes: " + join(nodes, ", "));
  }
  return {};
}

}  // namespace

Result<RehearsalPlan> planOf(const RehearseOptions& options) {
  RehearsalPlan plan;
  if (options.folder.empty() && options.files.empty()) {
    return invalid("nothing to rehearse", "name a scenario's folder, or manifests with -f");
  }
  if (!options.folder.empty()) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options.folder, ignored)) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no folder '{}'", options.folder));
    }
    plan.scenario = TRY(readScenario(options.folder));
    plan.folder = std::filesystem::absolute(options.folder).lexically_normal().string();
  } else {
    plan.scenario = scenarioOfFlags(options);
  }
  if (options.action) {
    plan.scenario.action = *options.action;
  }
  if (options.nodes) {
    plan.scenario.nodes = *options.nodes;
  }
  if (options.clientNode) {
    plan.scenario.clientNode = *options.clientNode;
  }
  TRY_VOID(checkClientNode(plan.scenario));
  TRY_VOID(overrideProfiles(options, plan.scenario));
  TRY_VOID(overrideDuration(options, plan.scenario));
  TRY_VOID(overrideLoads(options, plan.scenario));
  plan.actions = TRY(scenario::parseActions(plan.scenario.action));
  std::vector<std::string> paths = options.files;
  if (!options.folder.empty()) {
    paths.insert(paths.begin(), options.folder);
  }
  plan.manifests = TRY(readManifests(paths));
  TRY_VOID(checkLoads(plan));
  return plan;
}

}  // namespace hitless::app
