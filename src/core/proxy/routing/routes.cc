#include "core/proxy/routing/routes.h"

#include <algorithm>

#include "core/proxy/routing/query.h"

namespace hitless::proxy::routing {

struct Routes::Subject {
  const RequestHead& head;
  std::string_view path;   ///< Without the query.
  std::string_view query;  ///< Without the question mark.
};

Routes::Routes(Listener listener) : listener_(std::move(listener)) {
  candidates_.reserve(listener_.hosts.size());
  for (const VirtualHost& host : listener_.hosts) {
    hosts_.add(host.hostname, static_cast<std::uint32_t>(candidates_.size()));
    auto& candidates = candidates_.emplace_back();
    for (const RouteRule& rule : host.rules) {
      if (rule.matches.empty()) {
        candidates.push_back(candidateOf(rule, nullptr));
      }
      for (const RequestMatch& match : rule.matches) {
        candidates.push_back(candidateOf(rule, &match));
      }
    }
  }
}

std::vector<Routes::Condition> Routes::conditionsOf(const std::vector<ValueMatch>& matches) {
  std::vector<Condition> conditions;
  conditions.reserve(matches.size());
  for (const ValueMatch& match : matches) {
    conditions.push_back(
        {&match, match.regex ? std::optional<Pattern>(match.value) : std::optional<Pattern>()});
  }
  return conditions;
}

Routes::Candidate Routes::candidateOf(const RouteRule& rule, const RequestMatch* match) {
  Candidate candidate{&rule, match, {}, std::nullopt, {}, {}};
  if (match == nullptr) {
    return candidate;
  }
  candidate.path = match->path.value;
  if (match->path.kind == PathMatch::Kind::kPrefix && candidate.path.ends_with('/')) {
    candidate.path.remove_suffix(1);
  }
  if (match->path.kind == PathMatch::Kind::kRegex) {
    candidate.pattern.emplace(match->path.value);
  }
  candidate.headers = conditionsOf(match->headers);
  candidate.query = conditionsOf(match->query);
  return candidate;
}

const VirtualHost* Routes::host(std::string_view authority) const {
  const auto index = hosts_.find(hostOf(authority));
  return index ? &listener_.hosts[*index] : nullptr;
}

bool Routes::pathFits(const Candidate& candidate, std::string_view path) {
  switch (candidate.match->path.kind) {
    case PathMatch::Kind::kExact:
      return path == candidate.path;
    case PathMatch::Kind::kPrefix:
      return path.starts_with(candidate.path) &&
             (path.size() == candidate.path.size() || candidate.path.empty() ||
              path[candidate.path.size()] == '/');
    case PathMatch::Kind::kRegex:
      return candidate.pattern->matches(path);
  }
  return false;
}

namespace {

bool valueFits(const std::optional<Pattern>& pattern, const std::string& wanted,
               std::string_view value) {
  return pattern ? pattern->matches(value) : value == wanted;
}

/// Several fields of a name count as one (RFC 9110 5.3). Host is no field here: it is the
/// authority.
bool headerFits(const RequestHead& head, const std::string& name,
                const std::optional<Pattern>& pattern, const std::string& wanted) {
  if (name == "host") {
    return valueFits(pattern, wanted, head.authority);
  }
  std::optional<std::string_view> only;
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const Field field = head.fields[i];
    if (field.name != name) {
      continue;
    }
    if (only) {
      return valueFits(pattern, wanted, *head.fields.joined(name));
    }
    only = field.value;
  }
  return only && valueFits(pattern, wanted, *only);
}

}  // namespace

bool Routes::fits(const Candidate& candidate, const Subject& subject) {
  const RequestMatch* match = candidate.match;
  if (match == nullptr) {
    return true;
  }
  if ((!match->method.empty() && match->method != subject.head.method) ||
      !pathFits(candidate, subject.path)) {
    return false;
  }
  return std::all_of(candidate.headers.begin(), candidate.headers.end(),
                     [&](const Condition& condition) {
                       return headerFits(subject.head, condition.match->name, condition.pattern,
                                         condition.match->value);
                     }) &&
         std::all_of(candidate.query.begin(), candidate.query.end(),
                     [&](const Condition& condition) {
                       const auto value = queryValue(subject.query, condition.match->name);
                       return value && valueFits(condition.pattern, condition.match->value, *value);
                     });
}

Match Routes::match(const RequestHead& head) const {
  const auto index = hosts_.find(hostOf(head.authority));
  if (!index) {
    return {};
  }
  const auto [path, query] = splitQuery(head.path);
  const Subject subject{head, path, query};
  for (const Candidate& candidate : candidates_[*index]) {
    if (fits(candidate, subject)) {
      return {&listener_.hosts[*index], candidate.rule, candidate.match};
    }
  }
  return {&listener_.hosts[*index], nullptr, nullptr};
}

const WeightedCluster* backendFor(const RouteRule& rule, std::uint64_t random) {
  if (rule.backends.size() == 1) {
    return rule.backends.front().weight == 0 ? nullptr : &rule.backends.front();
  }
  std::uint64_t total = 0;
  for (const WeightedCluster& backend : rule.backends) {
    total += backend.weight;
  }
  std::uint64_t left = total == 0 ? 0 : random % total;
  for (const WeightedCluster& backend : rule.backends) {
    if (left < backend.weight) {
      return &backend;
    }
    left -= backend.weight;
  }
  return nullptr;
}

}  // namespace hitless::proxy::routing
