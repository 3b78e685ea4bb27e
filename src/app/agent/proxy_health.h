#pragma once

#include "app/agent/loop.h"
#include "app/agent/metrics.h"
#include "core/kube/objects.h"
#include "sys/http/server.h"

namespace hitless::app {

/// What load balancers and kubelets are told about this node's proxy, with kube-proxy's meaning
/// (KEP-3836).
class ProxyHealth {
 public:
  /// Unhealthy when a change has been waiting longer than `limit` for its commit.
  ProxyHealth(const Loop& loop, const Clock& clock, AgentMetrics& metrics, nanoseconds limit)
      : loop_(loop), clock_(clock), metrics_(metrics), limit_(limit) {}

  /// News of the own Node.
  void onNode(const kube::Node& node);

  /// The rules keep up with the cluster. An agent that starts is healthy: its predecessor's rules
  /// still serve, and a restart would not bring an API server back.
  bool proxierHealthy() const { return loop_.backlog() <= limit_; }
  /// The node is not about to go away.
  bool nodeEligible() const { return nodeEligible_; }

  /// 200 while new connections may be sent to this node.
  void healthz(sys::HttpResponder& responder);
  /// 200 while a restart would not help: minds the proxy only, so that a node that drains keeps it.
  void livez(sys::HttpResponder& responder);
  /// 200 once the rules of a whole snapshot are in the kernel.
  void readyz(sys::HttpResponder& responder) const;

 private:
  kube::json::object state(bool healthy) const;

  const Loop& loop_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  nanoseconds limit_;
  bool nodeEligible_ = true;
};

}  // namespace hitless::app
