#include "core/proxy/routing/edits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/proxy/routing/query.h"

namespace hitless::proxy::routing {
namespace {

constexpr std::string_view kConnectionFields[] = {
    "connection",        "content-length",   "host", "http2-settings",
    "keep-alive",        "proxy-connection", "te",   "trailer",
    "transfer-encoding", "upgrade",
};

void editFields(Fields& fields, const FieldEdits& edits) {
  for (const std::string& name : edits.remove) {
    fields.erase(toLower(name));
  }
  for (const auto& [name, value] : edits.set) {
    if (const std::string key = toLower(name); !belongsToConnection(key)) {
      fields.set(key, value);
    }
  }
  for (const auto& [name, value] : edits.add) {
    if (const std::string key = toLower(name); !belongsToConnection(key)) {
      fields.add(key, value);
    }
  }
}

std::uint16_t usualPort(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

/// Brackets around IPv6.
std::string urlHost(std::string_view host) {
  return host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
}

ResponseHead answer(int status) {
  ResponseHead head;
  head.status = status;
  head.contentLength = 0;
  return head;
}

}  // namespace

bool belongsToConnection(std::string_view name) {
  return std::find(std::begin(kConnectionFields), std::end(kConnectionFields), name) !=
             std::end(kConnectionFields) ||
         name.starts_with(':');
}

void edit(ResponseHead& head, const FieldEdits& edits) {
  if (!edits.empty()) {
    editFields(head.fields, edits);
  }
}

void edit(RequestHead& head, const FieldEdits& edits) {
  if (edits.empty()) {
    return;
  }
  editFields(head.fields, edits);
  for (const auto& [name, value] : edits.set) {
    if (toLower(name) == "host") {
      head.authority = value;
    }
  }
}

std::string editedPath(std::string_view target, const PathEdit& edit, const RequestMatch* matched) {
  const auto [path, query] = splitQuery(target);
  const std::string tail = target.size() == path.size() ? "" : fmt::format("?{}", query);
  std::string_view head = edit.value;
  std::string_view rest;
  if (edit.prefix && matched != nullptr && matched->path.kind == PathMatch::Kind::kPrefix) {
    std::string_view prefix = matched->path.value;
    prefix.remove_suffix(prefix.ends_with('/') ? 1 : 0);
    rest = path.substr(std::min(prefix.size(), path.size()));
    head.remove_suffix(head.ends_with('/') ? 1 : 0);
  }
  std::string out = fmt::format("{}{}", head, rest);
  if (!out.starts_with('/')) {
    out.insert(out.begin(), '/');
  }
  return out + tail;
}

void rewrite(RequestHead& head, const Rewrite& rewrite, const RequestMatch* matched) {
  if (rewrite.hostname) {
    head.authority = *rewrite.hostname;
  }
  if (rewrite.path) {
    head.path = editedPath(head.path, *rewrite.path, matched);
  }
}

std::string locationOf(const Redirect& redirect, const RequestHead& head,
                       std::uint16_t listenerPort, const RequestMatch* matched) {
  const std::string_view scheme = redirect.scheme ? *redirect.scheme : head.scheme;
  const std::uint16_t port =
      redirect.port.value_or(redirect.scheme ? usualPort(scheme) : listenerPort);
  const std::string host =
      urlHost(redirect.hostname ? std::string_view(*redirect.hostname) : hostOf(head.authority));
  const std::string target = head.path.starts_with('/') ? head.path : "/";
  const std::string path = redirect.path ? editedPath(target, *redirect.path, matched) : target;
  return fmt::format("{}://{}{}{}", scheme, host,
                     port == usualPort(scheme) ? "" : fmt::format(":{}", port), path);
}

std::optional<ResponseHead> directAnswer(const Match& match, const RequestHead& head,
                                         std::uint16_t listenerPort) {
  if (match.rule == nullptr) {
    return answer(404);
  }
  if (!match.rule->redirect) {
    return match.rule->backends.empty() ? std::optional(answer(500)) : std::nullopt;
  }
  ResponseHead redirection = answer(match.rule->redirect->status);
  redirection.fields.add("location",
                         locationOf(*match.rule->redirect, head, listenerPort, match.match));
  edit(redirection, match.rule->responseEdits);
  return redirection;
}

}  // namespace hitless::proxy::routing
