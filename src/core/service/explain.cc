#include "core/service/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hitless::service {
namespace {

constexpr std::array<std::string_view, 3> kOrigins = {"a pod of the node", "the node itself",
                                                      "outside the node"};
constexpr std::array<std::string_view, 3> kOutcomes = {"forwarded", "refused", "dropped"};

std::string stateOf(const Endpoint& endpoint) {
  std::string text = endpoint.ready     ? "ready"
                     : endpoint.serving ? "serving, not ready"
                                        : "not ready";
  return endpoint.terminating ? text + ", terminating" : text;
}

bool picks(const std::string& wanted, const PlannedPort& port) {
  return wanted.empty() || wanted == port.name || wanted == std::to_string(port.port);
}

const ServicePort& portOf(const Service& service, const PlannedPort& planned) {
  return *std::find_if(service.ports.begin(), service.ports.end(), [&](const auto& port) {
    return port.name == planned.name && port.port == planned.port &&
           port.protocol == planned.protocol;
  });
}

/// One service port in one family, seen from one source.
class PortExplainer {
 public:
  PortExplainer(const ServiceState& state, const NodeView& node, const Source& source,
                const PlannedService& plan, const PlannedFamily& family, const PlannedPort& port,
                Explanation& out)
      : state_(state),
        node_(node),
        source_(source),
        plan_(plan),
        family_(family),
        port_(port),
        out_(out) {}

  void run() {
    add("cluster IP", addressText(family_.clusterIp), plan_.internal,
        source_.origin != Origin::kPod);
    const TrafficPolicy policy = externalPolicy();
    const bool masqueraded =
        plan_.external == TrafficPolicy::kCluster || source_.origin == Origin::kNode;
    for (const IpAddress& address : family_.externalIps) {
      const bool balancer =
          std::binary_search(family_.balancerIps.begin(), family_.balancerIps.end(), address);
      ExplainedAddress& entry = add(balancer ? "load balancer IP" : "external IP",
                                    addressText(address), policy, masqueraded);
      if (balancer && !allowed(address)) {
        entry.outcome = Outcome::kDrop;
        entry.why = fmt::format("{} is not in loadBalancerSourceRanges", source_.address->text());
      }
    }
    if (port_.nodePort != 0) {
      add("node port", fmt::format("node port {}/{}", port_.nodePort, name(port_.protocol)), policy,
          masqueraded);
    }
  }

 private:
  /// Connections that begin on the node see policy Local as Cluster (kube-proxy's short-circuit).
  TrafficPolicy externalPolicy() const {
    return source_.origin == Origin::kExternal ? plan_.external : TrafficPolicy::kCluster;
  }

  std::string addressText(const IpAddress& address) const {
    return fmt::format("{}/{}", Target{address, port_.port}.text(), name(port_.protocol));
  }

  bool allowed(const IpAddress& balancer) const {
    const auto& ranges = family_.sourceRanges;
    if (ranges.empty() || !source_.address || source_.address == balancer) {
      return true;
    }
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Cidr& range) { return range.contains(*source_.address); });
  }

  ExplainedAddress& add(std::string via, std::string address, TrafficPolicy policy,
                        bool masqueraded) {
    const auto candidates =
        candidatesFor(state_, portOf(*state_.service, port_), family_.family, node_);
    const Choice choice = choose(candidates, policy, node_);
    ExplainedAddress entry{std::move(address),
                           std::move(via),
                           policy,
                           choice.outcome,
                           std::string(explain(choice.reason)),
                           masqueraded,
                           {}};
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Endpoint& endpoint = *candidates[i].endpoint;
      entry.endpoints.push_back({candidates[i].target, std::string(endpoint.nodeName()),
                                 stateOf(endpoint), choice.fates[i]});
    }
    return out_.addresses.emplace_back(std::move(entry));
  }

  const ServiceState& state_;
  const NodeView& node_;
  const Source& source_;
  const PlannedService& plan_;
  const PlannedFamily& family_;
  const PlannedPort& port_;
  Explanation& out_;
};

std::string_view outcomeName(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

}  // namespace

std::string_view name(Origin origin) {
  return kOrigins[static_cast<std::size_t>(origin)];
}

Explanation explain(const ServiceState& state, const NodeView& node, const Source& source,
                    const std::string& port) {
  const PlannedService plan = planFor(state, node);
  Explanation out{plan.skipped, plan.affinityTimeout, {}};
  for (const PlannedFamily& family : plan.families) {
    for (const PlannedPort& planned : family.ports) {
      if (picks(port, planned)) {
        PortExplainer(state, node, source, plan, family, planned, out).run();
      }
    }
  }
  return out;
}

std::string textOf(const ServiceName& service, const NodeView& node, const Source& source,
                   const Explanation& explanation) {
  std::string text =
      fmt::format("Service {}, from {}{}{}\n", service.text(), name(source.origin),
                  node.name.empty() ? "" : " " + node.name,
                  source.address ? fmt::format(" ({})", source.address->text()) : "");
  if (explanation.skipped) {
    return text + fmt::format("  no rules: {}\n", explain(*explanation.skipped));
  }
  if (explanation.affinityTimeout) {
    text += fmt::format("  sessionAffinity ClientIP: a client stays with its endpoint for {} s\n",
                        *explanation.affinityTimeout);
  }
  for (const ExplainedAddress& address : explanation.addresses) {
    text += fmt::format("  {} ({}), traffic policy {}: {}, {}{}\n", address.address, address.via,
                        name(address.policy), outcomeName(address.outcome), address.why,
                        address.masqueraded && address.outcome == Outcome::kForward
                            ? "; the endpoint sees this node's address"
                            : "");
    for (const ExplainedEndpoint& endpoint : address.endpoints) {
      const bool used = endpoint.fate == Fate::kChosen && address.outcome == Outcome::kForward;
      text += fmt::format("    {} {} on {} ({}): {}\n", used ? "+" : "-", endpoint.target.text(),
                          endpoint.node.empty() ? "no node" : endpoint.node, endpoint.state,
                          explain(endpoint.fate));
    }
  }
  return text;
}

kube::json::object jsonOf(const ServiceName& service, const NodeView& node, const Source& source,
                          const Explanation& explanation) {
  kube::json::array addresses;
  for (const ExplainedAddress& address : explanation.addresses) {
    kube::json::array endpoints;
    for (const ExplainedEndpoint& endpoint : address.endpoints) {
      endpoints.push_back(
          {{"endpoint", endpoint.target.text()},
           {"node", endpoint.node},
           {"state", endpoint.state},
           {"used", endpoint.fate == Fate::kChosen && address.outcome == Outcome::kForward},
           {"reason", explain(endpoint.fate)}});
    }
    addresses.push_back({{"address", address.address},
                         {"via", address.via},
                         {"trafficPolicy", name(address.policy)},
                         {"outcome", outcomeName(address.outcome)},
                         {"reason", address.why},
                         {"masqueraded", address.masqueraded},
                         {"endpoints", std::move(endpoints)}});
  }
  kube::json::object out{{"namespace", service.ns},
                         {"name", service.name},
                         {"node", node.name},
                         {"from", name(source.origin)},
                         {"addresses", std::move(addresses)}};
  if (explanation.skipped) {
    out["skipped"] = explain(*explanation.skipped);
  }
  if (explanation.affinityTimeout) {
    out["affinityTimeoutSeconds"] = *explanation.affinityTimeout;
  }
  return out;
}

}  // namespace hitless::service
