#include "core/proxy/routing/references.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::proxy::routing {
namespace {

/// Values of a Service port's appProtocol that the proxy speaks (KEP-3726, and names in use).
struct AppProtocol {
  std::string_view name;
  UpstreamProtocol protocol;
};
constexpr AppProtocol kAppProtocols[] = {
    {"", UpstreamProtocol::kHttp1},
    {"http", UpstreamProtocol::kHttp1},
    {"kubernetes.io/ws", UpstreamProtocol::kHttp1},
    {"kubernetes.io/h2c", UpstreamProtocol::kHttp2},
    {"h2c", UpstreamProtocol::kHttp2},
    {"http2", UpstreamProtocol::kHttp2},
    {"grpc", UpstreamProtocol::kHttp2},
};

const kube::ServicePort* portOf(const BackendService& service, const BackendRef& backend) {
  const auto it =
      std::find_if(service.ports.begin(), service.ports.end(), [&](const kube::ServicePort& port) {
        return backend.portName.empty() ? backend.port == port.port : port.name == backend.portName;
      });
  return it == service.ports.end() ? nullptr : &*it;
}

std::string portText(const BackendRef& backend) {
  return backend.portName.empty() ? std::to_string(backend.port.value_or(0)) : backend.portName;
}

bool isService(const Reference& ref) {
  return ref.group.empty() && ref.kind == "Service";
}

std::optional<Problem> notGranted(const Objects& objects, const Referrer& from,
                                  const Reference& to) {
  if (isGranted(objects, from, to)) {
    return std::nullopt;
  }
  return Problem{
      "RefNotPermitted",
      fmt::format("no ReferenceGrant of namespace {} allows {}s of namespace {} to refer "
                  "to {} {}",
                  to.name.ns, from.kind, from.ns, to.kind, to.name.name)};
}

}  // namespace

bool isGranted(const Objects& objects, const Referrer& from, const Reference& to) {
  if (from.ns == to.name.ns) {
    return true;
  }
  const auto grants = [&](const ReferenceGrant& grant) {
    return grant.meta.name.ns == to.name.ns &&
           std::any_of(grant.from.begin(), grant.from.end(),
                       [&](const Reference& entry) {
                         return entry.group == from.group && entry.kind == from.kind &&
                                entry.name.ns == from.ns;
                       }) &&
           std::any_of(grant.to.begin(), grant.to.end(), [&](const Reference& entry) {
             return entry.group == to.group && entry.kind == to.kind &&
                    (entry.name.name.empty() || entry.name.name == to.name.name);
           });
  };
  return std::any_of(objects.grants.begin(), objects.grants.end(),
                     [&](const auto& entry) { return grants(entry.second); });
}

std::string References::cluster(const BackendRef& backend, const Referrer& from, bool grpc,
                                std::optional<Problem>& problem) {
  const Reference& to = backend.target;
  if (!isService(to)) {
    problem = {"InvalidKind", fmt::format("backends of kind {} are not supported", to.kind)};
    return {};
  }
  if ((problem = notGranted(objects_, from, to))) {
    return {};
  }
  services_.insert(to.name);
  const auto it = objects_.services.find(to.name);
  if (it == objects_.services.end()) {
    problem = {"BackendNotFound", fmt::format("there is no Service {}", to.name.text())};
    return {};
  }
  const kube::ServicePort* port = portOf(it->second, backend);
  if (port == nullptr || it->second.externalName) {
    problem = {
        "BackendNotFound",
        it->second.externalName
            ? fmt::format("Service {} is of type ExternalName: it has no endpoints", to.name.text())
            : fmt::format("Service {} has no TCP port {}", to.name.text(), portText(backend))};
    return {};
  }
  const auto known =
      std::find_if(std::begin(kAppProtocols), std::end(kAppProtocols),
                   [&](const AppProtocol& row) { return row.name == port->appProtocol; });
  if (known == std::end(kAppProtocols)) {
    problem = {"UnsupportedProtocol",
               fmt::format("appProtocol {} of port {} of Service {} is not supported",
                           port->appProtocol, port->port, to.name.text())};
    return {};
  }
  std::string name = fmt::format("outbound|{}||{}.{}.svc.{}", port->port, to.name.name, to.name.ns,
                                 clusterDomain_);
  ClusterSource& source = clusters_.try_emplace(name).first->second;
  const bool http2 = grpc || known->protocol == UpstreamProtocol::kHttp2 ||
                     source.protocol == UpstreamProtocol::kHttp2;
  source = {to.name, port->port, http2 ? UpstreamProtocol::kHttp2 : UpstreamProtocol::kHttp1};
  return name;
}

const Certificate* References::certificate(const Reference& ref, const Referrer& from,
                                           std::optional<Problem>& problem) const {
  if (!ref.group.empty() || ref.kind != "Secret") {
    problem = {"InvalidCertificateRef",
               fmt::format("certificates of kind {} are not supported", ref.kind)};
    return nullptr;
  }
  if ((problem = notGranted(objects_, from, ref))) {
    return nullptr;
  }
  const auto it = objects_.secrets.find(ref.name);
  if (it == objects_.secrets.end()) {
    problem = {"InvalidCertificateRef",
               fmt::format("there is no Secret {} of type kubernetes.io/tls", ref.name.text())};
    return nullptr;
  }
  if (!it->second.error.empty()) {
    problem = {"InvalidCertificateRef",
               fmt::format("Secret {}: {}", ref.name.text(), it->second.error)};
    return nullptr;
  }
  return &it->second.certificate;
}

}  // namespace hitless::proxy::routing
