#include "core/proxy/routing/objects.h"

#include <algorithm>

#include "base/text.h"
#include "core/kube/each.h"

namespace hitless::proxy::routing {
namespace {

using kube::eachObject;
using kube::find;
using kube::findArray;
using kube::findObject;
using kube::text;
using kube::json::object;

std::string owned(std::string_view view) {
  return std::string(view);
}

const object& specOf(const object& root) {
  static const object kNone;
  const object* spec = findObject(root, {"spec"});
  return spec == nullptr ? kNone : *spec;
}

/// `kind`'s default is that of the field. What has no namespace is in the referrer's.
Reference referenceFrom(const object& ref, std::string_view kind, const std::string& ns) {
  return {owned(text(ref, {"group"})),
          owned(text(ref, {"kind"}, kind)),
          {owned(text(ref, {"namespace"}, ns)), owned(text(ref, {"name"}))}};
}

void readTls(const object& tls, const std::string& ns, GatewayListener& listener) {
  listener.tlsMode = owned(text(tls, {"mode"}, "Terminate"));
  eachObject(tls, "certificateRefs", "", [&](const object& ref, const std::string&) {
    listener.certificates.push_back(referenceFrom(ref, "Secret", ns));
  });
}

GatewayListener listenerFrom(const object& from, const std::string& ns) {
  GatewayListener listener;
  listener.name = owned(text(from, {"name"}));
  listener.hostname = toLower(text(from, {"hostname"}));
  listener.port = static_cast<std::uint16_t>(kube::integer(from, {"port"}));
  listener.protocol = owned(text(from, {"protocol"}));
  if (const object* tls = findObject(from, {"tls"})) {
    readTls(*tls, ns, listener);
  }
  listener.from = owned(text(from, {"allowedRoutes", "namespaces", "from"}, "Same"));
  if (const object* selector = findObject(from, {"allowedRoutes", "namespaces", "selector"})) {
    listener.selector = kube::labelSelectorOf(*selector);
  }
  if (const object* allowed = findObject(from, {"allowedRoutes"})) {
    eachObject(*allowed, "kinds", "", [&](const object& kind, const std::string&) {
      listener.kinds.push_back(
          {owned(text(kind, {"group"}, kGatewayGroup)), owned(text(kind, {"kind"}))});
    });
  }
  return listener;
}

std::vector<Reference> grantSide(const object& spec, std::string_view side) {
  std::vector<Reference> out;
  eachObject(spec, side, "", [&](const object& entry, const std::string&) {
    out.push_back(referenceFrom(entry, "", ""));
  });
  return out;
}

}  // namespace

Meta metaFrom(const object& root) {
  const kube::ObjectMeta meta = kube::metaOf(root);
  return {{meta.ns, meta.name}, meta.generation, meta.creationTimestamp};
}

GatewayClass gatewayClassFrom(const object& root) {
  return {metaFrom(root), owned(text(root, {"spec", "controllerName"})),
          findObject(root, {"spec", "parametersRef"}) != nullptr};
}

Gateway gatewayFrom(const object& root) {
  Gateway gateway{metaFrom(root), owned(text(root, {"spec", "gatewayClassName"})), {}};
  eachObject(specOf(root), "listeners", "", [&](const object& listener, const std::string&) {
    gateway.listeners.push_back(listenerFrom(listener, gateway.meta.name.ns));
  });
  return gateway;
}

IngressClass ingressClassFrom(const object& root) {
  return {metaFrom(root), owned(text(root, {"spec", "controller"})),
          text(root, {"metadata", "annotations", "ingressclass.kubernetes.io/is-default-class"}) ==
              "true"};
}

ReferenceGrant referenceGrantFrom(const object& root) {
  return {metaFrom(root), grantSide(specOf(root), "from"), grantSide(specOf(root), "to")};
}

BackendService backendServiceFrom(const object& root) {
  const kube::Service service = kube::serviceOf(root);
  BackendService out{service.type == "ExternalName", service.ports};
  std::erase_if(out.ports, [](const kube::ServicePort& port) { return port.protocol != "TCP"; });
  return out;
}

}  // namespace hitless::proxy::routing
