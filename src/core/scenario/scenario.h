#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"
#include "core/scenario/action.h"

namespace hitless::scenario {

/// One load of a scenario: a name for reports, and either the text that `hitless load` understands
/// or a program of the scenario's own (docs/scenarios.md says what it has to keep to).
struct LoadLine {
  std::string name;
  std::string spec;                 ///< "http://web.default:80/ rate=500 keepalive"
  std::vector<std::string> client;  ///< {"python3", "client.py"}; empty if there is a spec.
  bool endsItself = false;          ///< The rehearsal goes on until the client has ended.
  bool operator==(const LoadLine&) const = default;
};

/// scenario.yaml: what a rehearsal does with the manifests beside it (docs/scenarios.md).
struct Scenario {
  std::string name;
  std::string description;
  int nodes = 3;
  std::string clientNode;  ///< Where the loads run; empty = on the first node.
  std::vector<LoadLine> loads;
  std::string action;  ///< As for --do; see action.h.
  nanoseconds duration =
      seconds{20};  ///< The load lasts at least this long, and until all is over.
  std::vector<std::string> profiles{"hitless"};
  std::string expectProfile = "hitless";
  std::int64_t expectFailed = 0;  ///< At most so many lost requests in that profile.
};

/// Reads scenario.yaml's value. Errors name the file and the field; unknown fields are errors.
Result<Scenario> scenarioOf(const kube::json::value& value, std::string_view file);

}  // namespace hitless::scenario
