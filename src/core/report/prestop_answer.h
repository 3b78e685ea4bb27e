#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/kube/json.h"
#include "core/report/prestop.h"

namespace hitless::report {

/// A delay of the profile, and where its value comes from.
struct LagSource {
  std::string what;
  nanoseconds value{0};
  std::string source;
};

/// What `rehearse --find-prestop` has found.
struct PrestopAnswer {
  std::optional<seconds> sleep;  ///< nullopt: not even the longest that was tried was enough.
  seconds estimate{0};           ///< What the run without a sleep let expect.
  std::vector<SleepTrial> trials;
  std::vector<std::string> containers;
  std::int64_t grace = 30;
  bool graceRaised = false;
  std::vector<LagSource> lags;
};

/// For people: the answer, the evidence, what to paste, and what it is worth.
std::string renderText(const PrestopAnswer& answer);
/// hitless.io/prestop/v1; docs/rehearse-output.md.
kube::json::object renderJson(const PrestopAnswer& answer);

}  // namespace hitless::report
