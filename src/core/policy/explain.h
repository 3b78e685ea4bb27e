#pragma once

#include <string>

#include "core/policy/probe.h"

/// Verdicts for people and for programs.
namespace hitless::policy {

/// An evaluated probe.
struct Answer {
  Probe probe;
  Connection connection;
  Verdict verdict;
};
Result<Answer> answer(const Evaluator& evaluator, const Probe& probe, std::string_view ns);

/// {from, to, port, protocol, allowed, egress: {allowed, reason, policies, by}, ingress: {...}}
kube::json::object jsonOf(const Answer& answer);
/// One line.
std::string lineOf(const Answer& answer);
/// With every policy that decides, and where nothing allows, every rule and what it misses.
std::string textOf(const Evaluator& evaluator, const Answer& answer);

}  // namespace hitless::policy
