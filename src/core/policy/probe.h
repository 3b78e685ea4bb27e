#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/policy/evaluate.h"

/// Questions to the evaluator as people and files put them.
namespace hitless::policy {

struct Probe {
  std::string from;  ///< "[NAMESPACE/]NAME" of a pod, or an IP address.
  std::string to;
  std::string port;  ///< Number, or name of a port of the pod at `to`.
  Protocol protocol = Protocol::kTcp;
};

/// `port` is "80", "80/UDP" or "http/TCP".
Result<Probe> parseProbe(std::string from, std::string to, std::string_view port);
/// A list of {"from", "to", "port", "protocol"}; errors are about "PLACE[INDEX]".
Result<std::vector<Probe>> probesOf(const kube::json::value& list, std::string_view place);

/// What the probe means among the evaluator's pods; names without a namespace are of `ns`. Between
/// pods of two families it is the first of the receiver's addresses that the sender can reach.
Result<Connection> connectionOf(const Evaluator& evaluator, const Probe& probe,
                                std::string_view ns);

}  // namespace hitless::policy
