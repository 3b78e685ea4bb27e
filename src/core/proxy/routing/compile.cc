#include "core/proxy/routing/compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/proxy/routing/gateways.h"
#include "core/proxy/routing/hostnames.h"

namespace hitless::proxy::routing {
namespace {

/// The names of the controller's IngressClasses, and whether Ingresses without a class are its.
struct IngressClasses {
  std::set<std::string> names;
  bool takesOthers = false;
};

IngressClasses classesOf(const Objects& objects, const CompileOptions& options) {
  IngressClasses classes;
  for (const auto& [name, ingressClass] : objects.ingressClasses) {
    if (ingressClass.controller == options.controller) {
      classes.names.insert(name.name);
      classes.takesOthers = classes.takesOthers || ingressClass.isDefault;
    }
  }
  return classes;
}

bool isOurs(const Ingress& ingress, const IngressClasses& classes) {
  if (ingress.className) {
    return classes.names.contains(*ingress.className);
  }
  return ingress.annotation.empty() ? classes.takesOthers
                                    : classes.names.contains(ingress.annotation);
}

/// The certificate for a host of the Ingress, if an entry is for it.
std::optional<Certificate> certificateFor(const Ingress& ingress, const std::string& host,
                                          const References& references, Compiled& compiled) {
  for (const IngressTls& tls : ingress.tls) {
    const bool meant =
        tls.hosts.empty() || std::any_of(tls.hosts.begin(), tls.hosts.end(),
                                         [&](const auto& name) { return covers(name, host); });
    if (!meant) {
      continue;
    }
    std::optional<Problem> problem;
    const std::string& ns = ingress.meta.name.ns;
    const Certificate* certificate = references.certificate(
        {"", "Secret", {ns, tls.secret}}, {"networking.k8s.io", "Ingress", ns}, problem);
    if (certificate != nullptr) {
      return *certificate;
    }
    compiled.warnings.insert(fmt::format("Ingress {}: {}; {} is not served over TLS",
                                         ingress.meta.name.text(), problem->message,
                                         host == "*" ? "every other host" : host));
  }
  return std::nullopt;
}

void addTlsHosts(const Ingress& ingress, const References& references, Section& secure,
                 Compiled& compiled) {
  for (const IngressTls& tls : ingress.tls) {
    for (const std::string& host : tls.hosts) {
      if (const auto certificate = certificateFor(ingress, host, references, compiled)) {
        secure.certificates.emplace(host, *certificate);
      }
    }
  }
}

void addIngress(const Ingress& ingress, References& references, Section& plain, Section& secure,
                Compiled& compiled) {
  const std::string& ns = ingress.meta.name.ns;
  addTlsHosts(ingress, references, secure, compiled);
  for (std::size_t i = 0; i < ingress.rules.size(); ++i) {
    const IngressRule& rule = ingress.rules[i];
    std::optional<Problem> problem;
    const RouteRule ready =
        resolved(rule.draft, {"networking.k8s.io", "Ingress", ns}, false, references, problem);
    if (problem) {
      compiled.warnings.insert(fmt::format("Ingress {}: {}; requests for it are answered 500",
                                           ingress.meta.name.text(), problem->message));
    }
    const std::string host = rule.host.empty() ? "*" : rule.host;
    addRule(plain.hosts[host], ready, ingress.meta, i);
    if (ingress.tls.empty()) {
      continue;
    }
    const auto certificate = certificateFor(ingress, host, references, compiled);
    if (certificate) {
      secure.certificates.emplace(host, *certificate);
    }
    if (certificate || host == "*") {
      addRule(secure.hosts[host], ready, ingress.meta, i);
    }
  }
}

/// A Gateway's listener of another protocol has the port.
void warnOfConflict(const Section& ingresses, const std::vector<Section>& gateways,
                    Compiled& compiled) {
  for (const Section& section : gateways) {
    if (section.port == ingresses.port && section.protocol != ingresses.protocol) {
      compiled.warnings.insert(fmt::format(
          "Ingresses are not served at port {}: listener {} has it for another protocol",
          section.port, section.name));
      return;
    }
  }
}

/// Clusters that only hidden rules name are not needed.
void keepUsed(Compiled& compiled) {
  std::set<std::string> used;
  for (const Listener& listener : compiled.listeners) {
    for (const VirtualHost& host : listener.hosts) {
      for (const RouteRule& rule : host.rules) {
        for (const WeightedCluster& backend : rule.backends) {
          used.insert(backend.cluster);
        }
      }
    }
  }
  std::erase_if(compiled.clusters, [&](const auto& entry) { return !used.contains(entry.first); });
}

}  // namespace

std::vector<Section> ingressSections(const Objects& objects, const CompileOptions& options,
                                     References& references, Compiled& compiled) {
  const IngressClasses classes = classesOf(objects, options);
  std::vector<const Ingress*> ingresses;
  for (const auto& [name, ingress] : objects.ingresses) {
    if (isOurs(ingress, classes)) {
      ingresses.push_back(&ingress);
      compiled.statuses[{&kube::res::kIngresses, name}].generation = ingress.meta.generation;
    }
  }
  std::stable_sort(ingresses.begin(), ingresses.end(), [](const Ingress* a, const Ingress* b) {
    return a->meta.created < b->meta.created;
  });
  Section plain;
  plain.name = "ingress/http";
  plain.port = options.ingressHttpPort;
  Section secure;
  secure.name = "ingress/https";
  secure.port = options.ingressHttpsPort;
  secure.protocol = ListenerProtocol::kHttps;
  for (const Ingress* ingress : ingresses) {
    addIngress(*ingress, references, plain, secure, compiled);
  }
  std::vector<Section> sections;
  if (!ingresses.empty() && plain.port != 0) {
    sections.push_back(std::move(plain));
  }
  if (!secure.certificates.empty() && secure.port != 0) {
    sections.push_back(std::move(secure));
  }
  return sections;
}

Compiled compile(const Objects& objects, const CompileOptions& options) {
  Compiled compiled;
  References references(objects, options.clusterDomain, compiled.clusters, compiled.services);
  std::vector<ListenerState> listeners =
      listenersOf(objects, options, references, compiled.statuses);
  attachRoutes(objects, references, listeners, compiled.statuses);
  concludeGateways(objects, listeners, compiled.statuses);
  std::vector<Section> sections;
  for (ListenerState& state : listeners) {
    if (state.serves) {
      sections.push_back(std::move(state.section));
    }
  }
  for (Section& section : ingressSections(objects, options, references, compiled)) {
    warnOfConflict(section, sections, compiled);
    sections.push_back(std::move(section));
  }
  compiled.listeners = listenersOf(std::move(sections));
  keepUsed(compiled);
  return compiled;
}

}  // namespace hitless::proxy::routing
