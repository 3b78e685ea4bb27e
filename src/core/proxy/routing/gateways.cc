#include "core/proxy/routing/gateways.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::proxy::routing {
namespace {

const std::vector<RouteKind> kHttpKinds = {{std::string(kGatewayGroup), "HTTPRoute"},
                                           {std::string(kGatewayGroup), "GRPCRoute"}};

Condition condition(std::string type, bool holds, std::string reason, std::string message = {}) {
  return {std::move(type), holds, std::move(reason), std::move(message)};
}

/// GatewayClasses of the controller that can be served.
bool acceptClass(const GatewayClass& gatewayClass, StatusMap& statuses) {
  ObjectStatus& status = statuses[{&kube::res::kGatewayClasses, gatewayClass.meta.name}];
  status.generation = gatewayClass.meta.generation;
  status.conditions = {gatewayClass.hasParameters
                           ? condition("Accepted", false, "InvalidParameters",
                                       "spec.parametersRef is not supported: leave it out")
                           : condition("Accepted", true, "Accepted")};
  return !gatewayClass.hasParameters;
}

std::vector<const Gateway*> gatewaysOf(const Objects& objects, const CompileOptions& options,
                                       StatusMap& statuses) {
  std::set<std::string> classes;
  for (const auto& [name, gatewayClass] : objects.gatewayClasses) {
    if (gatewayClass.controller == options.controller && acceptClass(gatewayClass, statuses)) {
      classes.insert(name.name);
    }
  }
  std::vector<const Gateway*> gateways;
  for (const auto& [name, gateway] : objects.gateways) {
    if (classes.contains(gateway.className)) {
      gateways.push_back(&gateway);
    }
  }
  std::stable_sort(gateways.begin(), gateways.end(), [](const Gateway* a, const Gateway* b) {
    return a->meta.created < b->meta.created;
  });
  return gateways;
}

bool isSupported(const GatewayListener& listener) {
  return listener.protocol == "HTTP" ||
         (listener.protocol == "HTTPS" && listener.tlsMode == "Terminate");
}

/// Whether the kinds that the listener names are all known; without names all kinds are allowed.
bool readKinds(const GatewayListener& listener, ListenerStatus& status) {
  if (!isSupported(listener)) {
    return true;
  }
  if (listener.kinds.empty()) {
    status.supportedKinds = kHttpKinds;
    return true;
  }
  std::copy_if(listener.kinds.begin(), listener.kinds.end(),
               std::back_inserter(status.supportedKinds), [](const RouteKind& kind) {
                 return std::find(kHttpKinds.begin(), kHttpKinds.end(), kind) != kHttpKinds.end();
               });
  return status.supportedKinds.size() == listener.kinds.size();
}

std::optional<Problem> readCertificate(const Gateway& gateway, const GatewayListener& listener,
                                       const References& references, Section& section) {
  if (listener.protocol != "HTTPS") {
    return std::nullopt;
  }
  if (listener.certificates.empty()) {
    return Problem{"InvalidCertificateRef", "tls.certificateRefs is empty"};
  }
  std::optional<Problem> problem;
  const Certificate* certificate = references.certificate(
      listener.certificates.front(), {kGatewayGroup, "Gateway", gateway.meta.name.ns}, problem);
  if (certificate != nullptr) {
    section.certificates.emplace(section.hostname, *certificate);
  }
  return problem;
}

ListenerState stateOf(const Gateway& gateway, const GatewayListener& listener,
                      const References& references) {
  ListenerState state{&gateway, &listener, false, {}, {}};
  Section& section = state.section;
  section.owner = gateway.meta.name.text();
  section.name = fmt::format("{}/{}", section.owner, listener.name);
  section.port = listener.port;
  section.protocol =
      listener.protocol == "HTTPS" ? ListenerProtocol::kHttps : ListenerProtocol::kHttp;
  section.hostname = listener.hostname.empty() ? "*" : listener.hostname;
  state.status.name = listener.name;
  const bool kindsKnown = readKinds(listener, state.status);
  const auto problem = readCertificate(gateway, listener, references, section);
  const bool supported = isSupported(listener);
  state.status.conditions = {
      supported ? condition("Accepted", true, "Accepted")
                : condition("Accepted", false, "UnsupportedProtocol",
                            fmt::format("protocol {} is not supported: HTTP and HTTPS are",
                                        listener.protocol)),
      condition("Conflicted", false, "NoConflicts"),
      problem       ? condition("ResolvedRefs", false, problem->reason, problem->message)
      : !kindsKnown ? condition("ResolvedRefs", false, "InvalidRouteKinds",
                                "allowedRoutes.kinds has kinds that are not supported: HTTPRoute "
                                "and GRPCRoute are")
                    : condition("ResolvedRefs", true, "ResolvedRefs")};
  const bool usable = !problem && (kindsKnown || !state.status.supportedKinds.empty());
  state.serves = supported && usable;
  return state;
}

Condition& conditionOf(ListenerState& state, std::string_view type) {
  return *std::find_if(state.status.conditions.begin(), state.status.conditions.end(),
                       [&](const Condition& condition) { return condition.type == type; });
}

void conflict(ListenerState& state, std::string reason, const std::string& message) {
  conditionOf(state, "Conflicted") = condition("Conflicted", true, reason, message);
  conditionOf(state, "Accepted") = condition("Accepted", false, std::move(reason), message);
  state.serves = false;
}

/// Listeners share a port if they speak the same; the older Gateway's, then the first, stays.
void findConflicts(std::vector<ListenerState>& states) {
  std::map<std::uint16_t, const ListenerState*> first;
  std::map<std::tuple<std::string, std::uint16_t, std::string>, const ListenerState*> places;
  for (ListenerState& state : states) {
    if (!isSupported(*state.spec)) {
      continue;
    }
    const Section& section = state.section;
    const ListenerState* other = first.try_emplace(section.port, &state).first->second;
    const ListenerState* same =
        places.try_emplace({section.owner, section.port, section.hostname}, &state).first->second;
    if (other->section.protocol != section.protocol) {
      conflict(state, "ProtocolConflict",
               fmt::format("listener {} serves {} at port {}", other->section.name,
                           other->spec->protocol, section.port));
    } else if (same != &state) {
      conflict(state, "HostnameConflict",
               fmt::format("listener {} has the same port and hostname", same->section.name));
    }
  }
}

}  // namespace

std::vector<ListenerState> listenersOf(const Objects& objects, const CompileOptions& options,
                                       const References& references, StatusMap& statuses) {
  std::vector<ListenerState> states;
  for (const Gateway* gateway : gatewaysOf(objects, options, statuses)) {
    statuses[{&kube::res::kGateways, gateway->meta.name}].generation = gateway->meta.generation;
    for (const GatewayListener& listener : gateway->listeners) {
      states.push_back(stateOf(*gateway, listener, references));
    }
  }
  findConflicts(states);
  for (ListenerState& state : states) {
    state.status.conditions.push_back(
        state.serves ? condition("Programmed", true, "Programmed")
                     : condition("Programmed", false, "Invalid", "the listener is not valid"));
  }
  return states;
}

void concludeGateways(const Objects& objects, const std::vector<ListenerState>& listeners,
                      StatusMap& statuses) {
  for (const auto& [name, gateway] : objects.gateways) {
    const auto it = statuses.find({&kube::res::kGateways, name});
    if (it == statuses.end()) {
      continue;
    }
    std::size_t valid = 0;
    for (const ListenerState& state : listeners) {
      if (state.gateway == &gateway) {
        valid += state.serves ? 1 : 0;
        it->second.listeners.push_back(state.status);
      }
    }
    const bool all = valid == it->second.listeners.size();
    const std::string some =
        fmt::format("{} of {} listeners are valid", valid, it->second.listeners.size());
    it->second.conditions = {all ? condition("Accepted", true, "Accepted")
                                 : condition("Accepted", valid > 0, "ListenersNotValid", some),
                             valid > 0 ? condition("Programmed", true, "Programmed")
                                       : condition("Programmed", false, "Invalid", some)};
  }
}

}  // namespace hitless::proxy::routing
