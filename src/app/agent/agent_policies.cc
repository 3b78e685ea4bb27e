#include <fmt/format.h>

#include "app/agent/agent.h"
#include "app/agent/unread.h"

/// What the agent brings to the NetworkPolicies' rules, and tells of them.
namespace hitless::app {
namespace {

kube::json::object jsonOf(const rules::PolicyAudit& found) {
  return {{"operations", found.operations},
          {"differences", kube::json::array(found.differences.begin(), found.differences.end())},
          {"sampled", found.sampled},
          {"mismatches", kube::json::array(found.mismatches.begin(), found.mismatches.end())}};
}

std::string driftText(const rules::PolicyAudit& found) {
  std::string text = fmt::format(
      "the packet rules of NetworkPolicies took {} operations to be as planned, and {} of {} "
      "sampled connections were judged otherwise than policies say",
      found.operations, found.mismatches.size(), found.sampled);
  for (const auto* list : {&found.differences, &found.mismatches}) {
    if (!list->empty()) {
      text += "; " + list->front();
    }
  }
  return text;
}

}  // namespace

PodIsolation& Agent::policies() {
  return parts_.policy != nullptr ? static_cast<PodIsolation&>(*parts_.policy) : noIsolation_;
}

void Agent::watchForPolicies() {
  if (parts_.dns != nullptr || parts_.policy != nullptr) {
    watch(kube::res::kNamespaces, "",
          [this](const watch::Update& update) { onNamespaces(update); });
  }
  if (parts_.policy == nullptr) {
    return;
  }
  parts_.policy->onDrift = [this](const rules::PolicyAudit& found) {
    events_.write({"Node", "", options_.nodeName, options_.nodeName}, "Warning",
                  "NetworkPolicyDrift", driftText(found));
  };
  parts_.policy->start();
  if (parts_.policyMonitor != nullptr) {
    parts_.policyMonitor->start(parts_.io,
                                [this](const auto& change) { policyGuard_.onChange(change); });
  }
  watch(kube::res::kNetworkPolicies, "",
        [this](const watch::Update& update) { parts_.policy->onPolicies(update); });
  // Of all nodes: anybody may be a peer.
  sys::WatchTarget pods;
  pods.resource = &kube::res::kPods;
  pods.unread = unreadByPolicies();
  watch(std::move(pods), [this](const watch::Update& update) { parts_.policy->onPods(update); });
}

void Agent::onNamespaces(const watch::Update& update) {
  if (parts_.dns != nullptr) {
    parts_.dns->applyNamespaces(update);
  }
  if (parts_.policy != nullptr) {
    parts_.policy->onNamespaces(update);
  }
}

void Agent::addAuditRoute() {
  if (parts_.policy == nullptr) {
    return;
  }
  front_.route("/policies/audit", [this](const sys::HttpRequest& request, const std::string&,
                                         const std::shared_ptr<sys::HttpResponder>& responder) {
    // It takes milliseconds of this thread: not for whoever reaches the node.
    if (!request.peer.starts_with("127.")) {
      return responder->send(403, "text/plain", "ask on the node itself, by 127.0.0.1\n");
    }
    const auto found = parts_.policy->audit();
    if (!found) {
      return responder->send(503, "text/plain", found.error().text() + "\n");
    }
    responder->send(200, "application/json", kube::json::serialize(jsonOf(*found)) + "\n");
  });
}

}  // namespace hitless::app
