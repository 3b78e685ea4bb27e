#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/rehearsal/profile_run.h"

namespace hitless::app {

/// The command line of `hitless rehearse`, as given.
struct RehearseOptions {
  std::string folder;              ///< A scenario's folder, or empty.
  std::vector<std::string> files;  ///< -f: manifests of the user's own.
  std::vector<std::string> loads;
  std::optional<std::string> action;
  std::vector<std::string> compare;   ///< Profiles beside hitless.
  std::vector<std::string> profiles;  ///< Instead of the scenario's.
  std::optional<std::string> duration;
  std::optional<int> nodes;
  std::optional<std::string> clientNode;
  std::string timeline;  ///< A file for all events, or empty.
  int repeat = 1;
  bool findPrestop = false;
  std::string output = "table";
};

/// Joins scenario.yaml (if any) and flags; flags win. Every mistake is found here, before anything
/// starts.
Result<RehearsalPlan> planOf(const RehearseOptions& options);

}  // namespace hitless::app
