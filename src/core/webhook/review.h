#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "core/kube/json.h"
#include "core/watch/update.h"

/// `hitless webhook` as a function: the question of an API server in, the answer out.
namespace hitless::webhook {

/// What the cluster's Namespaces say.
class Namespaces {
 public:
  void apply(const watch::Update& update);
  /// nullptr if there is none of this name.
  const kube::json::object* find(std::string_view name) const;
  bool synced() const { return synced_; }

 private:
  bool synced_ = false;
  std::map<std::string, kube::ObjectPtr, std::less<>> objects_;
};

struct Cluster {
  const Namespaces& namespaces;
  /// The minor version of its API server, whose Pod Security admission judges what we answer.
  unsigned minor = 0;
  std::string proxyImage = "hitless";  ///< For pods that get the proxy.
};

/// What became of a question; metrics count by it.
enum class Outcome {
  kPatched,    ///< The pod gets the gate, the proxy or both.
  kUnchanged,  ///< It does not need, want or get it.
  kForeign,    ///< Not about the creation of a pod: our configuration does not ask that.
  kRefused,    ///< Not an AdmissionReview; nothing was decided.
};
std::string_view name(Outcome outcome);

struct Answer {
  Outcome outcome = Outcome::kRefused;
  int status = 200;  ///< Of HTTP.
  std::string body;  ///< JSON, or a line of text if the status is not 200.
};

/// Answers an AdmissionReview of admission.k8s.io/v1. Never forbids anything: what it cannot help
/// is allowed, with a warning for people. Has no side effects, so that a dry run is as any other.
Answer review(std::string_view body, const Cluster& cluster, Rng& rng);

}  // namespace hitless::webhook
