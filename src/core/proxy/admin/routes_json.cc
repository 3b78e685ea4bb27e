#include <fmt/format.h>

#include "core/proxy/admin/pages.h"
#include "core/proxy/escape.h"
#include "core/proxy/routing/routes.h"

namespace hitless::proxy {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

double inSeconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

template <class Range, class ToJson>
array eachToJson(const Range& range, ToJson&& toJson) {
  array out;
  for (const auto& item : range) {
    out.emplace_back(toJson(item));
  }
  return out;
}

/// Leaves out what is empty, so that a dump shows what was configured.
void put(object& out, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    out[key] = validUtf8(text);
  }
}
void put(object& out, std::string_view key, array list) {
  if (!list.empty()) {
    out[key] = std::move(list);
  }
}

std::string_view kindName(PathMatch::Kind kind) {
  constexpr std::string_view kNames[] = {"Exact", "PathPrefix", "RegularExpression"};
  return kNames[static_cast<std::size_t>(kind)];
}

object valueMatchToJson(const ValueMatch& match) {
  return {{"name", validUtf8(match.name)},
          {"type", match.regex ? "RegularExpression" : "Exact"},
          {"value", validUtf8(match.value)}};
}

object matchToJson(const RequestMatch& match) {
  object out{{"path",
              object{{"type", kindName(match.path.kind)}, {"value", validUtf8(match.path.value)}}}};
  put(out, "method", match.method);
  put(out, "headers", eachToJson(match.headers, valueMatchToJson));
  put(out, "queryParams", eachToJson(match.query, valueMatchToJson));
  return out;
}

object editsToJson(const FieldEdits& edits) {
  const auto field = [](const auto& edit) {
    return object{{"name", validUtf8(edit.first)}, {"value", validUtf8(edit.second)}};
  };
  object out;
  put(out, "set", eachToJson(edits.set, field));
  put(out, "add", eachToJson(edits.add, field));
  put(out, "remove",
      eachToJson(edits.remove, [](const std::string& name) { return validUtf8(name); }));
  return out;
}

void putEdits(object& out, const FieldEdits& request, const FieldEdits& response) {
  if (!request.empty()) {
    out["requestHeaderModifier"] = editsToJson(request);
  }
  if (!response.empty()) {
    out["responseHeaderModifier"] = editsToJson(response);
  }
}

object pathEditToJson(const PathEdit& edit) {
  return {{"type", edit.prefix ? "ReplacePrefixMatch" : "ReplaceFullPath"},
          {"value", validUtf8(edit.value)}};
}

object redirectToJson(const Redirect& redirect) {
  object out{{"statusCode", redirect.status}};
  put(out, "scheme", redirect.scheme.value_or(""));
  put(out, "hostname", redirect.hostname.value_or(""));
  if (redirect.port) {
    out["port"] = *redirect.port;
  }
  if (redirect.path) {
    out["path"] = pathEditToJson(*redirect.path);
  }
  return out;
}

object backendToJson(const WeightedCluster& backend) {
  object out{{"cluster", validUtf8(backend.cluster)}, {"weight", backend.weight}};
  putEdits(out, backend.requestEdits, backend.responseEdits);
  return out;
}

object retryToJson(const RetryPolicy& retry) {
  return {{"idempotent", retry.idempotent},
          {"attempts", retry.attempts},
          {"statuses", eachToJson(retry.statuses, [](int status) { return value(status); })}};
}

object ruleToJson(const RouteRule& rule) {
  object out{{"name", validUtf8(rule.name)}};
  put(out, "matches", eachToJson(rule.matches, matchToJson));
  putEdits(out, rule.requestEdits, rule.responseEdits);
  if (rule.redirect) {
    out["redirect"] = redirectToJson(*rule.redirect);
  }
  if (rule.rewrite) {
    object rewrite;
    put(rewrite, "hostname", rule.rewrite->hostname.value_or(""));
    if (rule.rewrite->path) {
      rewrite["path"] = pathEditToJson(*rule.rewrite->path);
    }
    out["rewrite"] = std::move(rewrite);
  }
  put(out, "backends", eachToJson(rule.backends, backendToJson));
  if (rule.timeout > nanoseconds(0)) {
    out["timeoutSeconds"] = inSeconds(rule.timeout);
  }
  if (rule.attemptTimeout > nanoseconds(0)) {
    out["attemptTimeoutSeconds"] = inSeconds(rule.attemptTimeout);
  }
  out["retry"] = retryToJson(rule.retry);
  return out;
}

object hostToJson(const VirtualHost& host) {
  object out{{"hostname", validUtf8(host.hostname)}, {"rules", eachToJson(host.rules, ruleToJson)}};
  if (host.certificate) {
    out["certificate"] =
        object{{"chain", validUtf8(host.certificate->chainPem)}, {"key", "[redacted]"}};
  }
  return out;
}

std::string_view protocolName(ListenerProtocol protocol) {
  constexpr std::string_view kNames[] = {"HTTP", "HTTPS", "TCP", "TLS-PASSTHROUGH", "DETECT"};
  return kNames[static_cast<std::size_t>(protocol)];
}

object listenerToJson(const Listener& listener) {
  object out{{"name", validUtf8(listener.name)},
             {"port", listener.port},
             {"protocol", protocolName(listener.protocol)},
             {"hosts", eachToJson(listener.hosts, hostToJson)}};
  if (listener.address) {
    out["address"] = listener.address->text();
  }
  return out;
}

object upstreamToJson(const Upstream& upstream) {
  object out{{"address", upstream.address.text()}, {"ready", upstream.ready}};
  put(out, "pod", upstream.pod);
  put(out, "node", upstream.node);
  return out;
}

object clusterToJson(const Cluster& cluster) {
  constexpr std::string_view kProtocols[] = {"HTTP/1.1", "HTTP/2", "AS-CLIENT"};
  object out{{"name", validUtf8(cluster.name)},
             {"protocol", kProtocols[static_cast<std::size_t>(cluster.protocol)]},
             {"balancing",
              cluster.balancing == Balancing::kLeastRequest ? "LEAST_REQUEST" : "ROUND_ROBIN"},
             {"upstreams", eachToJson(cluster.upstreams, upstreamToJson)}};
  if (cluster.originalDestination) {
    out["originalDestination"] = true;
  }
  if (cluster.tls) {
    out["tls"] =
        object{{"serverName", validUtf8(cluster.tls->serverName)}, {"verify", cluster.tls->verify}};
  }
  return out;
}

}  // namespace

object routesToJson(const RouteTable& routes) {
  array clusters;
  for (const auto& [name, cluster] : routes.clusters) {
    if (cluster != nullptr) {
      clusters.push_back(clusterToJson(*cluster));
    }
  }
  array listeners;
  for (const auto& listener : routes.listeners) {
    if (listener != nullptr) {
      listeners.emplace_back(listenerToJson(listener->listener()));
    }
  }
  return {{"listeners", std::move(listeners)}, {"clusters", std::move(clusters)}};
}

}  // namespace hitless::proxy
