#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
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
    kCrashPod,        ///< crash pod/NAME, crash pod -l SELECTOR (SIGKILL to its containers)
    kCutNode,         ///< cut node/NAME: its link to the others goes down.
    kMendNode,        ///< mend node/NAME
    kWait,            ///< wait TIME
  };
  Verb verb = Verb::kRolloutRestart;
  std::string kind;  ///< "deployment", normalised from kubectl's spellings.
  std::string name;
  std::string ns = "default";
  std::int64_t replicas = 0;
  std::string command;
  std::string selector;     ///< Instead of a name: the first pod, by name, that has these labels.
  nanoseconds duration{0};  ///< Of kWait.
  std::string text;         ///< As written, for reports.
  bool operator==(const Action&) const = default;
};

/// Several actions are separated by ';' and run one after the other.
Result<std::vector<Action>> parseActions(std::string_view text);

}  // namespace hitless::scenario
