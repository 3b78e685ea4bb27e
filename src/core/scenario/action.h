#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace hitless::scenario {

/// What a rehearsal does in the middle of the load.
struct Action {
  enum class Verb {
    kRolloutRestart,  ///< rollout restart KIND/NAME
    kScale,           ///< scale KIND/NAME --replicas=N
    kDeletePod,       ///< delete pod/NAME
    kKillAgent,       ///< kill agent NODE (SIGKILL)
    kCommand,         ///< sh -c TEXT, with KUBECONFIG set: "sh: kubectl set image ..."
  };
  Verb verb = Verb::kRolloutRestart;
  std::string kind;  ///< "deployment", normalised from kubectl's spellings.
  std::string name;
  std::string ns = "default";
  std::int64_t replicas = 0;
  std::string command;
  std::string text;  ///< As written, for reports.
  bool operator==(const Action&) const = default;
};

/// Several actions are separated by ';' and run one after the other.
Result<std::vector<Action>> parseActions(std::string_view text);

}  // namespace hitless::scenario
