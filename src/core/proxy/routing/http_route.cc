#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/each.h"
#include "core/kube/gateway_checks.h"
#include "core/proxy/routing/objects.h"
#include "core/proxy/routing/pattern.h"

/// HTTPRoutes and GRPCRoutes as drafts of rules.
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

/// The first complaint stays.
void refuse(DraftRule& draft, std::string why) {
  if (draft.unsupported.empty()) {
    draft.unsupported = std::move(why);
  }
}

/// What must not get into a message's head: it would end the line.
bool isClean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 ? c != '\t' : c == 0x7f;
  });
}

bool isCleanPath(std::string_view text) {
  return isClean(text) && text.find_first_of(" \t#") == std::string_view::npos;
}

FieldEdits editsFrom(const object& modifier, DraftRule& draft) {
  FieldEdits edits;
  const auto read = [&](std::string_view list, auto& into) {
    eachObject(modifier, list, "", [&](const object& header, const std::string&) {
      std::string name = toLower(text(header, {"name"}));
      const std::string_view value = text(header, {"value"});
      if (!kube::isHeaderName(name) || !isClean(value)) {
        refuse(draft, fmt::format("header \"{}\" cannot be in a message", name));
      } else {
        into.emplace_back(std::move(name), value);
      }
    });
  };
  read("set", edits.set);
  read("add", edits.add);
  const kube::json::array* removed = findArray(modifier, {"remove"});
  for (std::size_t i = 0; removed != nullptr && i < removed->size(); ++i) {
    if (const kube::json::string* name = (*removed)[i].if_string()) {
      edits.remove.push_back(toLower(*name));
    }
  }
  return edits;
}

void append(FieldEdits& to, FieldEdits more) {
  std::move(more.set.begin(), more.set.end(), std::back_inserter(to.set));
  std::move(more.add.begin(), more.add.end(), std::back_inserter(to.add));
  std::move(more.remove.begin(), more.remove.end(), std::back_inserter(to.remove));
}

std::optional<PathEdit> pathEditFrom(const object& filter, DraftRule& draft) {
  const object* path = findObject(filter, {"path"});
  if (path == nullptr) {
    return std::nullopt;
  }
  const bool prefix = text(*path, {"type"}) == "ReplacePrefixMatch";
  PathEdit edit{prefix, owned(text(*path, {prefix ? "replacePrefixMatch" : "replaceFullPath"}))};
  if (!isCleanPath(edit.value)) {
    refuse(draft, fmt::format("path \"{}\" cannot be in a message", edit.value));
  }
  return edit;
}

template <class T>
std::optional<T> optionalText(const object& from, std::string_view key) {
  const std::string_view value = text(from, {key});
  return value.empty() ? std::nullopt : std::optional<T>(value);
}

std::optional<std::uint16_t> portFrom(const object& from) {
  const auto port = kube::optionalInteger(from, {"port"});
  return port && *port > 0 && *port <= 65535 ? std::optional(static_cast<std::uint16_t>(*port))
                                             : std::nullopt;
}

Redirect redirectFrom(const object& filter, DraftRule& draft) {
  Redirect redirect;
  redirect.scheme = optionalText<std::string>(filter, "scheme");
  redirect.hostname = optionalText<std::string>(filter, "hostname");
  redirect.port = portFrom(filter);
  redirect.path = pathEditFrom(filter, draft);
  redirect.status = static_cast<int>(kube::integer(filter, {"statusCode"}, 302));
  return redirect;
}

void readRuleFilter(const object& filter, DraftRule& draft) {
  const std::string_view type = text(filter, {"type"});
  static const object kNone;
  const auto settings = [&](std::string_view field) -> const object& {
    const object* found = findObject(filter, {field});
    return found == nullptr ? kNone : *found;
  };
  if (type == "RequestHeaderModifier") {
    append(draft.rule.requestEdits, editsFrom(settings("requestHeaderModifier"), draft));
  } else if (type == "ResponseHeaderModifier") {
    append(draft.rule.responseEdits, editsFrom(settings("responseHeaderModifier"), draft));
  } else if (type == "RequestRedirect") {
    draft.rule.redirect = redirectFrom(settings("requestRedirect"), draft);
  } else if (type == "URLRewrite") {
    const object& rewrite = settings("urlRewrite");
    draft.rule.rewrite =
        Rewrite{optionalText<std::string>(rewrite, "hostname"), pathEditFrom(rewrite, draft)};
  } else {
    refuse(draft, fmt::format("filter {} is not supported", type));
  }
}

BackendRef backendFrom(const object& ref, const std::string& ns, DraftRule& draft) {
  BackendRef backend;
  backend.target = {owned(text(ref, {"group"})),
                    owned(text(ref, {"kind"}, "Service")),
                    {owned(text(ref, {"namespace"}, ns)), owned(text(ref, {"name"}))}};
  backend.port = portFrom(ref);
  const std::int64_t weight = kube::integer(ref, {"weight"}, 1);
  backend.weight = static_cast<std::uint32_t>(std::clamp<std::int64_t>(weight, 0, 1'000'000));
  eachObject(ref, "filters", "", [&](const object& filter, const std::string&) {
    const std::string_view type = text(filter, {"type"});
    if (const object* settings = findObject(filter, {"requestHeaderModifier"})) {
      append(backend.requestEdits, editsFrom(*settings, draft));
    } else if (const object* response = findObject(filter, {"responseHeaderModifier"})) {
      append(backend.responseEdits, editsFrom(*response, draft));
    } else {
      refuse(draft, fmt::format("filter {} of a backend is not supported", type));
    }
  });
  return backend;
}

void checkPattern(const std::string& expression, DraftRule& draft) {
  if (const auto error = patternError(expression)) {
    refuse(draft, fmt::format("regular expression \"{}\": {}", expression, *error));
  }
}

std::vector<ValueMatch> valueMatches(const object& match, std::string_view list, bool header,
                                     DraftRule& draft) {
  std::vector<ValueMatch> out;
  eachObject(match, list, "", [&](const object& item, const std::string&) {
    std::string name = header ? toLower(text(item, {"name"})) : owned(text(item, {"name"}));
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const ValueMatch& other) { return other.name == name; });
    if (known) {
      return;  // "Only the first entry with an equivalent name is considered".
    }
    out.push_back({std::move(name), owned(text(item, {"value"})),
                   text(item, {"type"}) == "RegularExpression"});
    if (out.back().regex) {
      checkPattern(out.back().value, draft);
    }
  });
  return out;
}

RequestMatch httpMatch(const object& match, DraftRule& draft) {
  RequestMatch out;
  const std::string_view type = text(match, {"path", "type"}, "PathPrefix");
  out.path = {type == "Exact"               ? PathMatch::Kind::kExact
              : type == "RegularExpression" ? PathMatch::Kind::kRegex
                                            : PathMatch::Kind::kPrefix,
              owned(text(match, {"path", "value"}, "/"))};
  if (out.path.kind == PathMatch::Kind::kRegex) {
    checkPattern(out.path.value, draft);
  }
  out.method = owned(text(match, {"method"}));
  out.headers = valueMatches(match, "headers", true, draft);
  out.query = valueMatches(match, "queryParams", false, draft);
  return out;
}

/// A call is a request for /SERVICE/METHOD.
PathMatch grpcPath(const object& method, DraftRule& draft) {
  const std::string service = owned(text(method, {"service"}));
  const std::string name = owned(text(method, {"method"}));
  if (text(method, {"type"}) == "RegularExpression") {
    const auto part = [](const std::string& text) {
      return text.empty() ? std::string("[^/]+") : fmt::format("(?:{})", text);
    };
    PathMatch match{PathMatch::Kind::kRegex, fmt::format("/{}/{}", part(service), part(name))};
    checkPattern(match.value, draft);
    return match;
  }
  if (service.empty()) {
    return name.empty() ? PathMatch{}
                        : PathMatch{PathMatch::Kind::kRegex,
                                    fmt::format("/[^/]+/{}", re2::RE2::QuoteMeta(name))};
  }
  return name.empty() ? PathMatch{PathMatch::Kind::kPrefix, "/" + service}
                      : PathMatch{PathMatch::Kind::kExact, fmt::format("/{}/{}", service, name)};
}

RequestMatch grpcMatch(const object& match, DraftRule& draft) {
  RequestMatch out;
  if (const object* method = findObject(match, {"method"})) {
    out.path = grpcPath(*method, draft);
  }
  out.headers = valueMatches(match, "headers", true, draft);
  return out;
}

nanoseconds timeoutFrom(const object& rule, std::string_view field, DraftRule& draft) {
  const std::string_view value = text(rule, {"timeouts", field});
  const auto duration = kube::gatewayDuration(value);
  if (!value.empty() && !duration) {
    refuse(draft, fmt::format("timeout \"{}\" is no duration", value));
  }
  return duration.value_or(nanoseconds{});
}

DraftRule draftFrom(const object& rule, const Route& route, std::size_t index) {
  DraftRule draft;
  draft.rule.name = fmt::format("{}/{}/{}", route.meta.name.ns, route.meta.name.name, index);
  eachObject(rule, "matches", "", [&](const object& match, const std::string&) {
    draft.rule.matches.push_back(route.grpc() ? grpcMatch(match, draft) : httpMatch(match, draft));
  });
  if (draft.rule.matches.empty()) {
    draft.rule.matches.emplace_back();
  }
  eachObject(rule, "filters", "",
             [&](const object& filter, const std::string&) { readRuleFilter(filter, draft); });
  eachObject(rule, "backendRefs", "", [&](const object& ref, const std::string&) {
    draft.backends.push_back(backendFrom(ref, route.meta.name.ns, draft));
  });
  draft.rule.timeout = timeoutFrom(rule, "request", draft);
  draft.rule.attemptTimeout = timeoutFrom(rule, "backendRequest", draft);
  return draft;
}

Route routeFrom(const object& root, std::string kind) {
  Route route;
  route.kind = std::move(kind);
  route.meta = metaFrom(root);
  const object* spec = findObject(root, {"spec"});
  if (spec == nullptr) {
    return route;
  }
  eachObject(*spec, "parentRefs", "", [&](const object& ref, const std::string&) {
    route.parents.push_back({owned(text(ref, {"group"}, kGatewayGroup)),
                             owned(text(ref, {"kind"}, "Gateway")), owned(text(ref, {"namespace"})),
                             owned(text(ref, {"name"})), owned(text(ref, {"sectionName"})),
                             portFrom(ref)});
  });
  const kube::json::array* hostnames = findArray(*spec, {"hostnames"});
  for (std::size_t i = 0; hostnames != nullptr && i < hostnames->size(); ++i) {
    if (const kube::json::string* name = (*hostnames)[i].if_string()) {
      route.hostnames.push_back(toLower(*name));
    }
  }
  eachObject(*spec, "rules", "", [&](const object& rule, const std::string&) {
    route.rules.push_back(draftFrom(rule, route, route.rules.size()));
  });
  return route;
}

}  // namespace

Route httpRouteFrom(const object& root) {
  Route route = routeFrom(root, "HTTPRoute");
  if (route.rules.empty()) {
    route.rules.push_back(draftFrom({}, route, 0));
  }
  return route;
}

Route grpcRouteFrom(const object& root) {
  return routeFrom(root, "GRPCRoute");
}

}  // namespace hitless::proxy::routing
