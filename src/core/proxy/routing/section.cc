#include "core/proxy/routing/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/proxy/routing/hostnames.h"

namespace hitless::proxy::routing {
namespace {

using Sections = std::vector<const Section*>;

/// A GRPCRoute's method of any service: less than any service's name, more than nothing.
bool isAnyService(const PathMatch& path) {
  return path.kind == PathMatch::Kind::kRegex && path.value.starts_with("/[^/]+/");
}

int kindOf(const PathMatch& path) {
  return path.kind == PathMatch::Kind::kExact                          ? 0
         : path.kind == PathMatch::Kind::kRegex && !isAnyService(path) ? 1
                                                                       : 2;
}

std::int64_t lengthOf(const PathMatch& path) {
  if (path.kind != PathMatch::Kind::kPrefix) {
    return isAnyService(path) ? 1 : 0;
  }
  return static_cast<std::int64_t>(path.value.size()) - (path.value.ends_with('/') ? 1 : 0);
}

/// What an Ingress' wildcard adds is part of its hostname.
std::int64_t headersOf(const RequestMatch& match) {
  return std::count_if(match.headers.begin(), match.headers.end(),
                       [](const ValueMatch& header) { return header.name != "host"; });
}

/// Whether requests for the hostname go to a narrower section of the same Gateway.
bool isShadowed(const std::string& hostname, const Section& section, const Sections& sections) {
  return std::any_of(sections.begin(), sections.end(), [&](const Section* other) {
    return other->owner == section.owner && other->hostname != section.hostname &&
           covers(section.hostname, other->hostname) && covers(other->hostname, hostname);
  });
}

/// The names that are wider than the hostname, from the narrowest on: "*.io" and "*" of "a.io".
std::vector<std::string> widerThan(std::string_view hostname) {
  std::vector<std::string> names;
  if (hostname == "*") {
    return names;
  }
  hostname.remove_prefix(hostname.starts_with("*.") ? 1 : 0);
  for (std::size_t dot = hostname.find('.', 1); dot != std::string_view::npos;
       dot = hostname.find('.', dot + 1)) {
    names.push_back(fmt::format("*{}", hostname.substr(dot)));
  }
  names.emplace_back("*");
  return names;
}

void append(std::vector<RouteRule>& to, std::vector<const RankedRule*> rules) {
  std::sort(rules.begin(), rules.end(),
            [](const RankedRule* a, const RankedRule* b) { return a->rank < b->rank; });
  for (const RankedRule* rule : rules) {
    to.push_back(rule->rule);
  }
}

void append(std::vector<const RankedRule*>& to, const std::string& hostname,
            const Section& section) {
  if (const auto it = section.hosts.find(hostname); it != section.hosts.end()) {
    for (const RankedRule& rule : it->second) {
      to.push_back(&rule);
    }
  }
}

const Certificate* certificateFor(const std::string& hostname, const Section& section) {
  std::vector<std::string> names = widerThan(hostname);
  names.insert(names.begin(), hostname);
  for (const std::string& name : names) {
    if (const auto it = section.certificates.find(name); it != section.certificates.end()) {
      return &it->second;
    }
  }
  return nullptr;
}

/// The hostname's rules, then those of wider ones of the same sections.
VirtualHost hostOf(const std::string& hostname, const Sections& sections) {
  VirtualHost host{.hostname = hostname};
  std::vector<std::string> names = widerThan(hostname);
  names.insert(names.begin(), hostname);
  for (const std::string& name : names) {
    std::vector<const RankedRule*> rules;
    for (const Section* section : sections) {
      append(rules, name, *section);
    }
    append(host.rules, std::move(rules));
  }
  for (const Section* section : sections) {
    const Certificate* certificate = certificateFor(hostname, *section);
    if (!host.certificate && certificate != nullptr) {
      host.certificate = *certificate;
    }
  }
  return host;
}

Listener listenerOf(const Sections& sections) {
  Listener listener;
  listener.port = sections.front()->port;
  listener.protocol = sections.front()->protocol;
  listener.name = sections.size() == 1 ? sections.front()->name
                                       : fmt::format("port-{}", sections.front()->port);
  std::map<std::string, Sections> byHost;
  for (const Section* section : sections) {
    std::set<std::string> names{section->hostname};
    for (const auto& [hostname, rules] : section->hosts) {
      names.insert(hostname);
    }
    for (const auto& [hostname, certificate] : section->certificates) {
      names.insert(hostname);
    }
    for (const std::string& hostname : names) {
      if (!isShadowed(hostname, *section, sections)) {
        byHost[hostname].push_back(section);
      }
    }
  }
  for (const auto& [hostname, having] : byHost) {
    listener.hosts.push_back(hostOf(hostname, having));
  }
  return listener;
}

}  // namespace

Rank::Rank(const RequestMatch& match, const Meta& route, std::size_t rule, std::size_t nth)
    : kind_(kindOf(match.path)),
      length_(-lengthOf(match.path)),
      method_(match.method.empty() ? 1 : 0),
      headers_(-headersOf(match)),
      query_(-static_cast<std::int64_t>(match.query.size())),
      created_(route.created),
      route_(route.name.text()),
      rule_(rule),
      match_(nth) {}

void addRule(std::vector<RankedRule>& rules, const RouteRule& rule, const Meta& route,
             std::size_t index) {
  for (std::size_t i = 0; i < rule.matches.size(); ++i) {
    RankedRule ranked{Rank(rule.matches[i], route, index, i), rule};
    ranked.rule.matches = {rule.matches[i]};
    rules.push_back(std::move(ranked));
  }
}

std::vector<Listener> listenersOf(std::vector<Section> sections) {
  std::map<std::uint16_t, Sections> byPort;
  for (const Section& section : sections) {
    Sections& at = byPort[section.port];
    if (at.empty() || at.front()->protocol == section.protocol) {
      at.push_back(&section);
    }
  }
  std::vector<Listener> listeners;
  for (const auto& [port, at] : byPort) {
    listeners.push_back(listenerOf(at));
  }
  return listeners;
}

}  // namespace hitless::proxy::routing
