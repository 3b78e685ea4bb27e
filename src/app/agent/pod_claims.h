#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/agent/pod_claim_json.h"

namespace hitless::app {

/// The claims that stand, kept in a file beside the agent's socket: an agent that starts again
/// knows the pods whose addresses are in no object yet. An address is one pod's.
class PodClaims {
 public:
  /// For the socket at `/run/hitless/agent.sock` the file is `agent.claims.json` there.
  explicit PodClaims(const std::string& socket);

  /// Takes in what a predecessor has kept; what cannot be understood of it is left out, as the log
  /// says.
  void load();
  const std::map<std::string, PodRequest>& all() const { return claims_; }

  /// Replaces what the pod had claimed, and what others had claimed of its addresses.
  void put(const PodRequest& request);
  /// False if a newer sandbox of the pod has claimed: a runtime may delete those of failed attempts
  /// after the next has begun.
  bool drop(const PodRequest& request);
  /// Drops the claims of a network whose sandboxes are not among `valid`, and gives them.
  std::vector<PodRequest> collect(const std::string& network, const std::set<std::string>& valid);

 private:
  void save();

  std::string path_;
  std::map<std::string, PodRequest> claims_;  ///< By "namespace/name".
};

}  // namespace hitless::app
