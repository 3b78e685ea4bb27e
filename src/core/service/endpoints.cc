#include "core/service/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hitless::service {
namespace {

/// By Reason.
constexpr std::array<std::string_view, 10> kReasons = {
    "ready endpoints",
    "ready endpoints that topology hints give to this node",
    "ready endpoints that topology hints give to this zone",
    "no ready endpoint; using endpoints that terminate but still serve",
    "no endpoint is ready or serving",
    "the traffic policy is Local and no endpoint is on this node",
    "type ExternalName is answered by DNS only",
    "headless: clients connect to the pods themselves",
    "no cluster IP",
    "label service.kubernetes.io/service-proxy-name gives it to another proxy",
};

/// By Fate.
constexpr std::array<std::string_view, 6> kFates = {
    "used",
    "neither ready nor serving",
    "not ready",
    "terminating, and others are ready",
    "not on this node, and the traffic policy is Local",
    "topology hints give it to other nodes or zones",
};

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Which hints decide about the ready endpoints: those for nodes, those for zones, or none. A level
/// counts only if every ready endpoint has hints for it and one of them names us (k/k topology.go).
Reason hintLevel(const std::vector<Candidate>& candidates, const NodeView& node) {
  bool nodes = !node.name.empty();
  bool zones = !node.zone.empty();
  bool ourNode = false;
  bool ourZone = false;
  for (const Candidate& candidate : candidates) {
    if (!candidate.endpoint->ready) {
      continue;
    }
    const Hints* hints = candidate.endpoint->hints.get();
    nodes = nodes && hints != nullptr && !hints->forNodes.empty();
    zones = zones && hints != nullptr && !hints->forZones.empty();
    ourNode = ourNode || (nodes && contains(hints->forNodes, node.name));
    ourZone = ourZone || (zones && contains(hints->forZones, node.zone));
  }
  return nodes && ourNode   ? Reason::kSameNode
         : zones && ourZone ? Reason::kSameZone
                            : Reason::kReadyEndpoints;
}

bool hintedHere(const Candidate& candidate, Reason level, const NodeView& node) {
  switch (level) {
    case Reason::kSameNode:
      return contains(candidate.endpoint->hints->forNodes, node.name);
    case Reason::kSameZone:
      return contains(candidate.endpoint->hints->forZones, node.zone);
    default:
      return true;
  }
}

/// What an endpoint's state alone says, before it is known whether another one is better.
Fate byState(const Endpoint& endpoint) {
  if (endpoint.ready) {
    return Fate::kChosen;
  }
  return !endpoint.serving      ? Fate::kNotServing
         : endpoint.terminating ? Fate::kTerminating
                                : Fate::kNotReady;
}

bool anyChosen(const std::vector<Fate>& fates) {
  return std::find(fates.begin(), fates.end(), Fate::kChosen) != fates.end();
}

}  // namespace

std::string Target::text() const {
  return fmt::format(fmt::runtime(ip.isV4() ? "{}:{}" : "[{}]:{}"), ip.text(), port);
}

std::string_view explain(Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::string_view explain(Fate fate) {
  return kFates[static_cast<std::size_t>(fate)];
}

std::vector<Candidate> candidatesFor(const ServiceState& state, const ServicePort& port,
                                     IpFamily family, const NodeView& node) {
  std::vector<Candidate> found;
  for (const auto& [sliceName, slice] : state.slices) {
    if (slice->headless) {
      continue;
    }
    for (const SlicePort& offered : slice->ports) {
      if (offered.name != port.name || offered.protocol != port.protocol) {
        continue;
      }
      for (const Endpoint& endpoint : slice->endpoints) {
        if (endpoint.ip.family() == family) {
          found.push_back({{endpoint.ip, offered.port},
                           &endpoint,
                           !node.name.empty() && endpoint.nodeName() == node.name});
        }
      }
    }
  }
  return found;
}

Choice choose(const std::vector<Candidate>& candidates, TrafficPolicy policy,
              const NodeView& node) {
  const bool localOnly = policy == TrafficPolicy::kLocal;
  const Reason level = localOnly ? Reason::kReadyEndpoints : hintLevel(candidates, node);
  Choice choice{Outcome::kForward, level, {}};
  bool usableElsewhere = false;
  for (const Candidate& candidate : candidates) {
    Fate fate = byState(*candidate.endpoint);
    if (localOnly && !candidate.local) {
      usableElsewhere = usableElsewhere || fate == Fate::kChosen || fate == Fate::kTerminating;
      fate = fate == Fate::kNotServing ? fate : Fate::kOtherNode;
    } else if (fate == Fate::kChosen && !hintedHere(candidate, level, node)) {
      fate = Fate::kHintElsewhere;
    }
    choice.fates.push_back(fate);
  }
  if (anyChosen(choice.fates)) {
    return choice;
  }
  std::replace(choice.fates.begin(), choice.fates.end(), Fate::kTerminating, Fate::kChosen);
  if (anyChosen(choice.fates)) {
    choice.reason = Reason::kTerminatingEndpoints;
  } else {
    choice.outcome = usableElsewhere ? Outcome::kDrop : Outcome::kReject;
    choice.reason = usableElsewhere ? Reason::kNoLocalEndpoints : Reason::kNoEndpoints;
  }
  return choice;
}

}  // namespace hitless::service
