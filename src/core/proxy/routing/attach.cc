#include <fmt/format.h>

#include <algorithm>

#include "core/kube/selector.h"
#include "core/proxy/routing/gateways.h"
#include "core/proxy/routing/hostnames.h"

/// Which listeners take which routes.
namespace hitless::proxy::routing {
namespace {

bool isNamed(const ListenerState& state, const Route& route, const ParentRef& parent) {
  const ObjectName& gateway = state.gateway->meta.name;
  return gateway.name == parent.name &&
         gateway.ns == (parent.ns.empty() ? route.meta.name.ns : parent.ns);
}

bool isMeant(const ListenerState& state, const ParentRef& parent) {
  return (parent.section.empty() || parent.section == state.spec->name) &&
         (!parent.port || *parent.port == state.spec->port);
}

bool isAllowed(const Objects& objects, const ListenerState& state, const Route& route) {
  const auto& kinds = state.status.supportedKinds;
  if (std::none_of(kinds.begin(), kinds.end(),
                   [&](const RouteKind& kind) { return kind.kind == route.kind; })) {
    return false;
  }
  const std::string& from = state.spec->from;
  const std::string& ns = route.meta.name.ns;
  if (from == "All") {
    return true;
  }
  if (from == "Same") {
    return ns == state.gateway->meta.name.ns;
  }
  const auto labels = objects.namespaces.find({"", ns});
  return from == "Selector" && labels != objects.namespaces.end() &&
         kube::matches(state.spec->selector, labels->second);
}

/// The names under which the listener serves the route.
std::vector<std::string> namesOf(const ListenerState& state, const Route& route) {
  if (route.hostnames.empty()) {
    return {state.section.hostname};
  }
  std::vector<std::string> names;
  for (const std::string& hostname : route.hostnames) {
    if (auto name = intersection(state.section.hostname, hostname)) {
      names.push_back(std::move(*name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

/// A route with what does not depend on the parent.
struct Prepared {
  const Route* route;
  std::vector<RouteRule> rules;
  std::vector<Condition> conditions;  ///< ResolvedRefs, and PartiallyInvalid if so.
  std::string unsupported;            ///< Why no rule can be served; empty: some can.
};

Prepared prepare(const Route& route, References& references) {
  Prepared prepared{&route, {}, {}, {}};
  std::optional<Problem> problem;
  std::string unsupported;
  std::size_t usable = 0;
  const Referrer from{kGatewayGroup, route.kind, route.meta.name.ns};
  for (const DraftRule& draft : route.rules) {
    prepared.rules.push_back(resolved(draft, from, route.grpc(), references, problem));
    usable += draft.unsupported.empty() ? 1 : 0;
    if (unsupported.empty() && !draft.unsupported.empty()) {
      unsupported = fmt::format("rule {}: {}", prepared.rules.size() - 1, draft.unsupported);
    }
  }
  prepared.conditions = {problem
                             ? Condition{"ResolvedRefs", false, problem->reason, problem->message}
                             : Condition{"ResolvedRefs", true, "ResolvedRefs", {}}};
  if (usable == 0 && !unsupported.empty()) {
    prepared.unsupported = unsupported;
  } else if (!unsupported.empty()) {
    prepared.conditions.push_back(
        {"PartiallyInvalid", true, "UnsupportedValue",
         fmt::format("Dropped Rule: {}; requests that match it are answered 500", unsupported)});
  }
  return prepared;
}

void addRules(const Prepared& prepared, const std::vector<std::string>& names, Section& section) {
  for (const std::string& name : names) {
    std::vector<RankedRule>& rules = section.hosts[name];
    for (std::size_t i = 0; i < prepared.rules.size(); ++i) {
      addRule(rules, prepared.rules[i], prepared.route->meta, i);
    }
  }
}

Condition refused(std::string reason, std::string message) {
  return {"Accepted", false, std::move(reason), std::move(message)};
}

/// Attaches the route to all listeners that the parent reference means and that take it.
Condition attach(const Objects& objects, const Prepared& prepared, const ParentRef& parent,
                 std::vector<ListenerState>& listeners, std::set<const ListenerState*>& attached) {
  const Route& route = *prepared.route;
  bool meant = false;
  bool allowed = false;
  bool named = false;
  for (ListenerState& state : listeners) {
    if (!isNamed(state, route, parent) || !isMeant(state, parent)) {
      continue;
    }
    meant = true;
    if (!isAllowed(objects, state, route)) {
      continue;
    }
    allowed = true;
    const std::vector<std::string> names = namesOf(state, route);
    if (names.empty()) {
      continue;
    }
    named = true;
    if (prepared.unsupported.empty() && attached.insert(&state).second) {
      ++state.status.attachedRoutes;
      addRules(prepared, names, state.section);
    }
  }
  if (!meant) {
    return refused("NoMatchingParent", "the Gateway has no listener of that name and port");
  }
  if (!allowed) {
    return refused("NotAllowedByListeners", fmt::format("no listener allows {}s of namespace {}",
                                                        route.kind, route.meta.name.ns));
  }
  if (!named) {
    return refused("NoMatchingListenerHostname", "no listener serves any of the hostnames");
  }
  return prepared.unsupported.empty() ? Condition{"Accepted", true, "Accepted", {}}
                                      : refused("UnsupportedValue", prepared.unsupported);
}

bool isOurs(const StatusMap& statuses, const Route& route, const ParentRef& parent) {
  return parent.group == kGatewayGroup && parent.kind == "Gateway" &&
         statuses.contains({&kube::res::kGateways,
                            {parent.ns.empty() ? route.meta.name.ns : parent.ns, parent.name}});
}

void attachRoute(const Objects& objects, const kube::Resource& resource, const Route& route,
                 References& references, std::vector<ListenerState>& listeners,
                 StatusMap& statuses) {
  ObjectStatus status{route.meta.generation, {}, {}, {}};
  std::optional<Prepared> prepared;
  std::set<const ListenerState*> attached;
  for (const ParentRef& parent : route.parents) {
    if (!isOurs(statuses, route, parent)) {
      continue;
    }
    if (!prepared) {
      prepared = prepare(route, references);
    }
    ParentStatus& said = status.parents.emplace_back(ParentStatus{parent, {}});
    said.conditions = {attach(objects, *prepared, parent, listeners, attached)};
    said.conditions.insert(said.conditions.end(), prepared->conditions.begin(),
                           prepared->conditions.end());
  }
  statuses[{&resource, route.meta.name}] = std::move(status);
}

}  // namespace

RouteRule resolved(const DraftRule& draft, const Referrer& from, bool grpc, References& references,
                   std::optional<Problem>& problem) {
  RouteRule rule = draft.rule;
  if (!draft.unsupported.empty()) {
    rule.redirect.reset();
    return rule;
  }
  for (const BackendRef& backend : draft.backends) {
    std::optional<Problem> own;
    std::string cluster = references.cluster(backend, from, grpc, own);
    rule.backends.push_back(
        {std::move(cluster), backend.weight, backend.requestEdits, backend.responseEdits});
    if (own && !problem) {
      problem = std::move(own);
    }
  }
  return rule;
}

void attachRoutes(const Objects& objects, References& references,
                  std::vector<ListenerState>& listeners, StatusMap& statuses) {
  for (const auto& [name, route] : objects.httpRoutes) {
    attachRoute(objects, kube::res::kHttpRoutes, route, references, listeners, statuses);
  }
  for (const auto& [name, route] : objects.grpcRoutes) {
    attachRoute(objects, kube::res::kGrpcRoutes, route, references, listeners, statuses);
  }
}

}  // namespace hitless::proxy::routing
