#include "app/agent/proxy_health.h"

#include <algorithm>

namespace hitless::app {
namespace {

/// The cluster autoscaler taints a node so before it deletes it; "unschedulable" says nothing about
/// the node's end and is not minded.
constexpr std::string_view kToBeDeleted = "ToBeDeletedByClusterAutoscaler";

void answer(sys::HttpResponder& responder, bool healthy, const kube::json::object& body) {
  responder.addHeader("X-Content-Type-Options", "nosniff");
  responder.send(healthy ? 200 : 503, "application/json", kube::json::serialize(body) + "\n");
}

}  // namespace

void ProxyHealth::onNode(const kube::Node& node) {
  const bool tainted =
      std::find(node.taints.begin(), node.taints.end(), kToBeDeleted) != node.taints.end();
  nodeEligible_ = !node.meta.terminating() && !tainted;
}

kube::json::object ProxyHealth::state(bool healthy) const {
  const WallTime now = clock_.wall();
  // As with kube-proxy: of a healthy proxy the state is as of now, whenever it last had work to do.
  return {{"lastUpdated", formatMicroTime(healthy ? now : metrics_.lastSync)},
          {"currentTime", formatMicroTime(now)},
          {"healthy", healthy},
          {"synced", loop_.synced()},
          {"watermark", loop_.watermark()},
          {"backlogSeconds", static_cast<double>(loop_.backlog().count()) / 1e9}};
}

void ProxyHealth::healthz(sys::HttpResponder& responder) {
  const bool healthy = proxierHealthy() && nodeEligible_;
  ++metrics_.healthzAnswers[healthy ? 200 : 503];
  kube::json::object body = state(healthy);
  body["nodeEligible"] = nodeEligible_;
  answer(responder, healthy, body);
}

void ProxyHealth::livez(sys::HttpResponder& responder) {
  const bool healthy = proxierHealthy();
  ++metrics_.livezAnswers[healthy ? 200 : 503];
  answer(responder, healthy, state(healthy));
}

void ProxyHealth::readyz(sys::HttpResponder& responder) const {
  const bool ready = proxierHealthy() && loop_.synced();
  answer(responder, ready, state(ready));
}

}  // namespace hitless::app
