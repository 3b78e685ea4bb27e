#include "core/service/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hitless::service {
namespace {

struct ProtocolRow {
  Protocol protocol;
  std::string_view name;
};
constexpr std::array<ProtocolRow, 3> kProtocols = {
    {{Protocol::kTcp, "TCP"}, {Protocol::kUdp, "UDP"}, {Protocol::kSctp, "SCTP"}}};

/// By Reason.
constexpr std::array<std::string_view, 8> kExplanations = {
    "ready endpoints",
    "no ready endpoint; using endpoints that terminate but still serve",
    "no endpoint is ready or serving",
    "internalTrafficPolicy is Local and no endpoint is on this node",
    "type ExternalName is answered by DNS only",
    "headless: clients connect to the pods themselves",
    "no cluster IP",
    "label service.kubernetes.io/service-proxy-name gives it to another proxy",
};

/// One endpoint of one service port, with what decides about its use.
struct Candidate {
  Target target;
  bool ready = false;
  bool serving = false;
  bool servingTerminating = false;
  bool local = false;
};

void sortUnique(auto& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

void addCandidates(std::vector<Candidate>& out, const kube::EndpointSlice& slice,
                   std::uint16_t port, IpFamily family, const NodeView& node) {
  for (const kube::Endpoint& endpoint : slice.endpoints) {
    for (const std::string& text : endpoint.addresses) {
      const auto ip = IpAddress::parse(text);
      if (ip && ip->family() == family) {
        out.push_back({{*ip, port},
                       endpoint.ready,
                       endpoint.serving || endpoint.ready,
                       endpoint.serving && endpoint.terminating,
                       !node.name.empty() && endpoint.nodeName == node.name});
      }
    }
  }
}

/// From all slices of the service; slices of type FQDN and of the other family drop out by
/// themselves.
std::vector<Candidate> candidatesFor(const ServiceState& state, const kube::ServicePort& port,
                                     IpFamily family, const NodeView& node) {
  std::vector<Candidate> found;
  for (const auto& [sliceName, slice] : state.slices) {
    if (slice->meta.labels.contains(kHeadlessLabel)) {
      continue;
    }
    for (const kube::EndpointPort& offered : slice->ports) {
      if (offered.name == port.name && offered.protocol == port.protocol && offered.port != 0) {
        addCandidates(found, *slice, offered.port, family, node);
      }
    }
  }
  return found;
}

/// The ready ones, or if there is none those that terminate but serve (KEP-1669).
std::vector<Candidate> choose(const std::vector<Candidate>& candidates, bool localOnly) {
  std::vector<Candidate> chosen;
  for (const auto usable : {&Candidate::ready, &Candidate::servingTerminating}) {
    for (const Candidate& candidate : candidates) {
      if (candidate.*usable && (candidate.local || !localOnly)) {
        chosen.push_back(candidate);
      }
    }
    if (!chosen.empty()) {
      break;
    }
  }
  return chosen;
}

void decide(PlannedPort& planned, const std::vector<Candidate>& candidates, bool localOnly) {
  const auto chosen = choose(candidates, localOnly);
  for (const Candidate& candidate : chosen) {
    planned.endpoints.push_back(candidate.target);
    if (candidate.local) {
      planned.localHosts.push_back(candidate.target.ip);
    }
  }
  for (const Candidate& candidate : candidates) {
    if (candidate.serving) {
      planned.serving.push_back(candidate.target);
    }
  }
  sortUnique(planned.endpoints);
  sortUnique(planned.localHosts);
  sortUnique(planned.serving);
  if (!chosen.empty()) {
    planned.outcome = Outcome::kForward;
    planned.reason = chosen.front().ready ? Reason::kReadyEndpoints : Reason::kTerminatingEndpoints;
  } else if (localOnly && !choose(candidates, false).empty()) {
    planned.outcome = Outcome::kDrop;
    planned.reason = Reason::kNoLocalEndpoints;
  } else {
    planned.outcome = Outcome::kReject;
    planned.reason = Reason::kNoEndpoints;
  }
}

std::optional<Reason> skipReason(const kube::Service& service, const NodeView& node) {
  const auto proxy = service.meta.labels.find(kProxyNameLabel);
  const bool labelled = proxy != service.meta.labels.end();
  if ((labelled ? proxy->second : std::string{}) != node.proxyName) {
    return Reason::kOtherProxy;
  }
  if (service.type == "ExternalName") {
    return Reason::kExternalName;
  }
  if (service.headless()) {
    return Reason::kHeadless;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Protocol> parseProtocol(std::string_view text) {
  for (const ProtocolRow& row : kProtocols) {
    if (row.name == text) {
      return row.protocol;
    }
  }
  return std::nullopt;
}

std::string_view name(Protocol protocol) {
  for (const ProtocolRow& row : kProtocols) {
    if (row.protocol == protocol) {
      return row.name;
    }
  }
  return "?";
}

std::string Target::text() const {
  return fmt::format(fmt::runtime(ip.isV4() ? "{}:{}" : "[{}]:{}"), ip.text(), port);
}

std::string_view explain(Reason reason) {
  return kExplanations[static_cast<std::size_t>(reason)];
}

PlannedService planFor(const ServiceState& state, const NodeView& node) {
  PlannedService planned;
  planned.skipped = state.service ? skipReason(*state.service, node) : Reason::kNoClusterIp;
  if (planned.skipped) {
    return planned;
  }
  const kube::Service& service = *state.service;
  if (service.sessionAffinity == "ClientIP") {
    planned.affinityTimeout = service.sessionAffinityTimeout;
  }
  const bool localOnly = service.internalTrafficPolicy == "Local";
  for (const std::string& text : service.clusterIPs) {
    const auto vip = IpAddress::parse(text);
    if (!vip) {
      continue;
    }
    planned.vips.push_back(*vip);
    for (const kube::ServicePort& port : service.ports) {
      const auto protocol = parseProtocol(port.protocol);
      if (!protocol || port.port == 0) {
        continue;
      }
      PlannedPort& entry = planned.ports.emplace_back();
      entry.name = port.name;
      entry.vip = *vip;
      entry.protocol = *protocol;
      entry.port = port.port;
      decide(entry, candidatesFor(state, port, vip->family(), node), localOnly);
    }
  }
  if (planned.vips.empty()) {
    planned.skipped = Reason::kNoClusterIp;
  }
  return planned;
}

ServicePlan plan(const Snapshot& snapshot, const NodeView& node) {
  ServicePlan result;
  snapshot.forEach([&](const ServiceName& name, const ServiceState& state) {
    result.emplace(name, planFor(state, node));
  });
  return result;
}

std::string explain(const PlannedService& service) {
  if (service.skipped) {
    return fmt::format("skipped: {}\n", explain(*service.skipped));
  }
  std::string text;
  for (const PlannedPort& port : service.ports) {
    std::string where = "rejected";
    if (port.outcome == Outcome::kDrop) {
      where = "dropped";
    } else if (port.outcome == Outcome::kForward) {
      std::vector<std::string> targets;
      for (const Target& target : port.endpoints) {
        targets.push_back(target.text());
      }
      where = join(targets, ", ");
    }
    text += fmt::format("{}/{} -> {}: {}\n", Target{port.vip, port.port}.text(),
                        name(port.protocol), where, explain(port.reason));
  }
  return text;
}

}  // namespace hitless::service
