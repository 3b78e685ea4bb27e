#include "core/proxy/routing/status.h"

#include <algorithm>

#include "base/ip.h"
#include "core/kube/each.h"

namespace hitless::proxy::routing {
namespace {

using kube::findArray;
using kube::text;
namespace json = kube::json;

const json::array& listAt(const json::object& parent, std::string_view key) {
  static const json::array kNone;
  const json::array* list = findArray(parent, {key});
  return list == nullptr ? kNone : *list;
}

const json::object& objectIn(const json::value& value) {
  static const json::object kNone;
  const json::object* object = value.if_object();
  return object == nullptr ? kNone : *object;
}

/// The item of a list whose `key` is `name`; an empty object if there is none.
const json::object& named(const json::array& list, std::string_view key, std::string_view name) {
  static const json::object kNone;
  const auto it = std::find_if(list.begin(), list.end(), [&](const json::value& item) {
    return text(objectIn(item), {key}) == name;
  });
  return it == list.end() ? kNone : objectIn(*it);
}

json::object conditionJson(const Condition& condition, std::int64_t generation,
                           const json::object& before, WallTime now) {
  const std::string_view status = condition.holds ? "True" : "False";
  const bool same = text(before, {"status"}) == status;
  return {{"type", condition.type},
          {"status", status},
          {"observedGeneration", generation},
          {"lastTransitionTime", same ? json::string(text(before, {"lastTransitionTime"}))
                                      : json::string(formatTime(now))},
          {"reason", condition.reason},
          {"message", condition.message}};
}

json::array conditionsJson(const std::vector<Condition>& wanted, std::int64_t generation,
                           const json::array& live, WallTime now) {
  json::array out;
  for (const Condition& condition : wanted) {
    out.push_back(conditionJson(condition, generation, named(live, "type", condition.type), now));
  }
  return out;
}

json::object parentJson(const ParentRef& parent) {
  json::object out{{"group", parent.group}, {"kind", parent.kind}};
  if (!parent.ns.empty()) {
    out["namespace"] = parent.ns;
  }
  out["name"] = parent.name;
  if (!parent.section.empty()) {
    out["sectionName"] = parent.section;
  }
  if (parent.port) {
    out["port"] = *parent.port;
  }
  return out;
}

json::object routeStatus(const json::object& live, const ObjectStatus& wanted,
                         const StatusContext& context) {
  json::array parents;
  const json::array& before = listAt(live, "parents");
  for (const json::value& entry : before) {
    if (text(objectIn(entry), {"controllerName"}) != context.controller) {
      parents.push_back(entry);
    }
  }
  for (const ParentStatus& status : wanted.parents) {
    const json::object ref = parentJson(status.parent);
    json::array known;
    for (const json::value& entry : before) {
      const json::object* other = kube::findObject(objectIn(entry), {"parentRef"});
      if (text(objectIn(entry), {"controllerName"}) == context.controller && other != nullptr &&
          *other == ref) {
        known = listAt(objectIn(entry), "conditions");
      }
    }
    parents.push_back(json::object{
        {"parentRef", ref},
        {"controllerName", context.controller},
        {"conditions", conditionsJson(status.conditions, wanted.generation, known, context.now)}});
  }
  return {{"parents", std::move(parents)}};
}

json::array kindsJson(const std::vector<RouteKind>& kinds) {
  json::array out;
  for (const RouteKind& kind : kinds) {
    out.push_back(json::object{{"group", kind.group}, {"kind", kind.kind}});
  }
  return out;
}

json::object gatewayStatus(const json::object& live, const ObjectStatus& wanted,
                           const StatusContext& context) {
  json::array addresses;
  for (const std::string& address : context.addresses) {
    addresses.push_back(json::object{{"type", IpAddress::parse(address) ? "IPAddress" : "Hostname"},
                                     {"value", address}});
  }
  json::array listeners;
  for (const ListenerStatus& listener : wanted.listeners) {
    const json::object& known = named(listAt(live, "listeners"), "name", listener.name);
    listeners.push_back(
        json::object{{"name", listener.name},
                     {"supportedKinds", kindsJson(listener.supportedKinds)},
                     {"attachedRoutes", listener.attachedRoutes},
                     {"conditions", conditionsJson(listener.conditions, wanted.generation,
                                                   listAt(known, "conditions"), context.now)}});
  }
  return {{"addresses", std::move(addresses)},
          {"conditions", conditionsJson(wanted.conditions, wanted.generation,
                                        listAt(live, "conditions"), context.now)},
          {"listeners", std::move(listeners)}};
}

json::object ingressStatus(const StatusContext& context) {
  json::array points;
  for (const std::string& address : context.addresses) {
    points.push_back(
        json::object{{IpAddress::parse(address) ? "ip" : "hostname", json::string(address)}});
  }
  return {{"loadBalancer", json::object{{"ingress", std::move(points)}}}};
}

json::object statusOf(const kube::Resource& resource, const json::object& live,
                      const ObjectStatus& wanted, const StatusContext& context) {
  if (&resource == &kube::res::kGateways) {
    return gatewayStatus(live, wanted, context);
  }
  if (&resource == &kube::res::kIngresses) {
    return ingressStatus(context);
  }
  if (&resource == &kube::res::kGatewayClasses) {
    return {{"conditions", conditionsJson(wanted.conditions, wanted.generation,
                                          listAt(live, "conditions"), context.now)}};
  }
  return routeStatus(live, wanted, context);
}

bool isNothing(const json::value& value) {
  const json::array* list = value.if_array();
  const json::object* object = value.if_object();
  return value.is_null() || (list != nullptr && list->empty()) ||
         (object != nullptr && std::all_of(object->begin(), object->end(), [](const auto& entry) {
            return isNothing(entry.value());
          }));
}

/// Whether the live status says it already; empty lists and what is not there are the same.
bool says(const json::object& live, const json::object& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const json::key_value_pair& entry) {
    const json::value* there = live.if_contains(entry.key());
    return there == nullptr
               ? isNothing(entry.value())
               : *there == entry.value() || (isNothing(*there) && isNothing(entry.value()));
  });
}

}  // namespace

std::optional<json::object> statusPatch(const kube::Resource& resource, const json::object& live,
                                        const ObjectStatus& wanted, const StatusContext& context) {
  const json::object* known = kube::findObject(live, {"status"});
  const json::object before = known == nullptr ? json::object{} : *known;
  json::object status = statusOf(resource, before, wanted, context);
  if (says(before, status)) {
    return std::nullopt;
  }
  return json::object{
      {"metadata", json::object{{"resourceVersion", text(live, {"metadata", "resourceVersion"})}}},
      {"status", std::move(status)}};
}

}  // namespace hitless::proxy::routing
