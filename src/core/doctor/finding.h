#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctor/action.h"

namespace hitless::doctor {

enum class Severity {
  kInfo,      ///< Nothing is wrong, but who reads the rest should know.
  kWarning,   ///< Will hurt, or hurts a little.
  kCritical,  ///< Traffic suffers now.
};
std::string_view name(Severity severity);  ///< "info", "warning", "critical"

/// One thing that is wrong.
struct Finding {
  std::string check;  ///< The id of the check, filled in by who runs it.
  Severity severity = Severity::kWarning;
  std::string subject;  ///< What it is about: "ip filter KUBE-ROUTER-INPUT", "net.ipv4.ip_forward".
  std::string summary;  ///< One sentence without full stop, with its numbers.
  /// What was seen, a line each, numbers included; the first is the strongest.
  std::vector<std::string> evidence;
  /// Who did it, as far as it is known: "kube-router (pid 4123, pod kube-system/kube-router-x2x)".
  std::string owner;
  std::string consequence;  ///< What it does to traffic.
  std::string remedy;       ///< What a person does, also beside or after the repair.
  /// What `--fix` would do; empty: nothing automatic is safe.
  std::vector<Action> repair;
};

}  // namespace hitless::doctor
