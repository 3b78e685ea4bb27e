#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/each.h"
#include "core/proxy/routing/objects.h"

/// Ingresses as drafts of rules.
namespace hitless::proxy::routing {
namespace {

using kube::eachObject;
using kube::findArray;
using kube::findObject;
using kube::text;
using kube::json::object;

std::string owned(std::string_view view) {
  return std::string(view);
}

/// The backend of a path, or of the whole Ingress.
void readBackend(const object& from, std::string_view key, const std::string& ns,
                 DraftRule& draft) {
  BackendRef backend;
  if (const object* service = findObject(from, {key, "service"})) {
    backend.target = {"", "Service", {ns, owned(text(*service, {"name"}))}};
    const std::int64_t port = kube::integer(*service, {"port", "number"});
    if (port > 0 && port <= 65535) {
      backend.port = static_cast<std::uint16_t>(port);
    }
    backend.portName = owned(text(*service, {"port", "name"}));
  } else if (const object* resource = findObject(from, {key, "resource"})) {
    backend.target = {owned(text(*resource, {"apiGroup"})),
                      owned(text(*resource, {"kind"})),
                      {ns, owned(text(*resource, {"name"}))}};
  }
  draft.backends.push_back(std::move(backend));
}

/// A wildcard of an Ingress stands for exactly one label, one of a VirtualHost for any number.
std::vector<ValueMatch> oneLabel(const std::string& host) {
  if (!host.starts_with("*.")) {
    return {};
  }
  std::string expression = "(?i)[^.]+";
  for (const char c : std::string_view(host).substr(1)) {
    expression += c == '.' ? "\\." : std::string(1, c);
  }
  return {{"host", expression + "\\.?(:[0-9]*)?", true}};
}

IngressRule ruleFrom(const object& path, const std::string& host, const Ingress& ingress) {
  const std::string_view type = text(path, {"pathType"});
  const std::string_view value = text(path, {"path"});
  IngressRule rule{host, {}};
  RequestMatch match;
  match.path = {type == "Exact" ? PathMatch::Kind::kExact : PathMatch::Kind::kPrefix,
                value.empty() ? "/" : owned(value)};
  match.headers = oneLabel(host);
  rule.draft.rule.matches = {std::move(match)};
  rule.draft.rule.name =
      fmt::format("{}/{}/{}", ingress.meta.name.ns, ingress.meta.name.name, ingress.rules.size());
  readBackend(path, "backend", ingress.meta.name.ns, rule.draft);
  return rule;
}

void readRules(const object& spec, Ingress& ingress) {
  eachObject(spec, "rules", "", [&](const object& rule, const std::string&) {
    const std::string host = toLower(text(rule, {"host"}));
    if (const object* http = findObject(rule, {"http"})) {
      eachObject(*http, "paths", "", [&](const object& path, const std::string&) {
        ingress.rules.push_back(ruleFrom(path, host, ingress));
      });
    }
  });
  if (findObject(spec, {"defaultBackend"}) != nullptr) {
    IngressRule rule = ruleFrom({}, "", ingress);
    rule.draft.backends.clear();
    readBackend(spec, "defaultBackend", ingress.meta.name.ns, rule.draft);
    ingress.rules.push_back(std::move(rule));
  }
}

void readTls(const object& spec, Ingress& ingress) {
  eachObject(spec, "tls", "", [&](const object& entry, const std::string&) {
    IngressTls tls{{}, owned(text(entry, {"secretName"}))};
    const kube::json::array* hosts = findArray(entry, {"hosts"});
    for (std::size_t i = 0; hosts != nullptr && i < hosts->size(); ++i) {
      if (const kube::json::string* host = (*hosts)[i].if_string()) {
        tls.hosts.push_back(toLower(*host));
      }
    }
    ingress.tls.push_back(std::move(tls));
  });
}

}  // namespace

Ingress ingressFrom(const object& root) {
  Ingress ingress;
  ingress.meta = metaFrom(root);
  ingress.annotation =
      owned(text(root, {"metadata", "annotations", "kubernetes.io/ingress.class"}));
  const object* spec = findObject(root, {"spec"});
  if (spec == nullptr) {
    return ingress;
  }
  if (kube::find(*spec, "ingressClassName") != nullptr) {
    ingress.className = owned(text(*spec, {"ingressClassName"}));
  }
  readRules(*spec, ingress);
  readTls(*spec, ingress);
  return ingress;
}

}  // namespace hitless::proxy::routing
