#include "core/proxy/admin/admin.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/proxy/admin/pages.h"
#include "core/proxy/admin/query.h"
#include "core/proxy/escape.h"

namespace hitless::proxy {
namespace {

using kube::json::object;

AdminAnswer plain(int status, std::string body) {
  AdminAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

AdminAnswer json(const object& value) {
  AdminAnswer answer = plain(200, kube::json::serialize(value) + "\n");
  answer.contentType = "application/json";
  return answer;
}

AdminAnswer act(AdminAction action) {
  AdminAnswer answer = plain(200, "OK\n");
  answer.action = std::move(action);
  return answer;
}

bool asksForJson(const AdminTarget& target) {
  return target.find("format") == "json";
}

std::string help() {
  std::string out = "admin commands are:\n";
  for (const AdminEndpoint& endpoint : adminEndpoints()) {
    out += fmt::format("  {:4} {}{}\n         {}\n", endpoint.method, endpoint.path,
                       endpoint.parameters, endpoint.help);
  }
  return out;
}

AdminAnswer showHelp(const AdminTarget&, const ProxyView&) {
  return plain(200, help());
}

AdminAnswer showReady(const AdminTarget&, const ProxyView& view) {
  const DrainState state = view.drainState();
  if (view.ready()) {
    return plain(200, fmt::format("{}\n", name(state)));
  }
  // LIVE and not ready: there is no configuration yet, or /healthcheck/fail was asked for.
  return plain(503, fmt::format("{}\n", state != DrainState::kLive ? name(state) : "NOT READY"));
}

AdminAnswer renderedStats(const StatsQuery& query, const ProxyView& view) {
  Result<std::string> text = renderStats(view.stats(), query);
  if (!text) {
    return plain(400, text.error().text() + "\n");
  }
  AdminAnswer answer = plain(200, std::move(*text));
  if (query.format == StatsQuery::Format::kJson) {
    answer.contentType = "application/json";
  } else if (query.format == StatsQuery::Format::kPrometheus) {
    answer.contentType = "text/plain; version=0.0.4; charset=utf-8";
  }
  return answer;
}

StatsQuery queryOf(const AdminTarget& target, StatsQuery::Format format) {
  return {format, target.has("usedonly"), std::string(target.find("filter").value_or(""))};
}

AdminAnswer showStats(const AdminTarget& target, const ProxyView& view) {
  using Format = StatsQuery::Format;
  const std::string_view format = target.find("format").value_or("text");
  if (format == "prometheus") {
    return renderedStats(queryOf(target, Format::kPrometheus), view);
  }
  if (format == "json") {
    return renderedStats(queryOf(target, Format::kJson), view);
  }
  if (format != "text") {
    return plain(400, "format: use text, json or prometheus\n");
  }
  return renderedStats(queryOf(target, Format::kText), view);
}

AdminAnswer showPrometheus(const AdminTarget& target, const ProxyView& view) {
  return renderedStats(queryOf(target, StatsQuery::Format::kPrometheus), view);
}

AdminAnswer showClusters(const AdminTarget& target, const ProxyView& view) {
  return asksForJson(target) ? json(clustersToJson(view.clusters()))
                             : plain(200, renderClusters(view.clusters()));
}

AdminAnswer showListeners(const AdminTarget& target, const ProxyView& view) {
  return asksForJson(target) ? json(listenersToJson(view.listeners()))
                             : plain(200, renderListeners(view.listeners()));
}

AdminAnswer showServerInfo(const AdminTarget&, const ProxyView& view) {
  return json(serverInfoToJson(view.info(), view));
}

AdminAnswer showConfig(const AdminTarget&, const ProxyView& view) {
  const std::shared_ptr<const RouteTable> routes = view.routes();
  return routes == nullptr ? plain(503, "there is no configuration yet\n")
                           : json(routesToJson(*routes));
}

AdminAnswer showDrain(const AdminTarget& target, const ProxyView& view) {
  const DrainStatus drain = view.drain();
  if (!target.has("dry-run")) {
    return asksForJson(target) ? json(drainToJson(drain)) : plain(200, renderDrain(drain));
  }
  const Forecast foretold = forecast(drain.inFlight, drain.recent, drain.settings);
  return asksForJson(target) ? json(forecastToJson(foretold))
                             : plain(200, renderForecast(foretold, drain.settings));
}

AdminAnswer startDrain(const AdminTarget&, const ProxyView&) {
  return act(DrainOrder{.graceful = true, .skipExit = true, .waitForRemoval = true});
}

AdminAnswer drainListeners(const AdminTarget& target, const ProxyView& view) {
  const bool graceful = target.has("graceful");
  const bool skipExit = target.has("skip_exit");
  if (skipExit && !graceful) {
    return plain(400, "skip_exit requires graceful\n");
  }
  const auto listeners = view.listeners();
  if (target.has("inboundonly") &&
      std::none_of(listeners.begin(), listeners.end(), [](const ListenerView& listener) {
        return listener.direction == Direction::kInbound;
      })) {
    return plain(400, "inboundonly: this proxy has no inbound listener\n");
  }
  return act(DrainOrder{.graceful = graceful, .skipExit = skipExit});
}

AdminAnswer failHealth(const AdminTarget&, const ProxyView&) {
  return act(SetHealthy{false});
}
AdminAnswer okHealth(const AdminTarget&, const ProxyView&) {
  return act(SetHealthy{true});
}
AdminAnswer quit(const AdminTarget&, const ProxyView&) {
  return act(Quit{});
}

AdminAnswer showLogging(const AdminTarget&, const ProxyView& view) {
  return plain(200, fmt::format("level: {}\n", view.logLevel()));
}

AdminAnswer setLogging(const AdminTarget& target, const ProxyView&) {
  const auto level = target.find("level");
  if (level &&
      std::find(std::begin(kLogLevels), std::end(kLogLevels), *level) != std::end(kLogLevels)) {
    return act(SetLogLevel{std::string(*level)});
  }
  return plain(400, fmt::format("usage: POST /logging?level=LEVEL with one of {}\n",
                                fmt::join(kLogLevels, ", ")));
}

using Handler = AdminAnswer (*)(const AdminTarget&, const ProxyView&);

constexpr std::string_view kStatsParameters =
    "[?usedonly][&filter=REGEX][&format=text|json|prometheus]";

struct Row {
  AdminEndpoint endpoint;
  Handler handler;
};

constexpr Row kRows[] = {
    {{"GET", "/", "", "this list"}, showHelp},
    {{"GET", "/ready", "", "200 if it takes traffic, else 503; the body is the state"}, showReady},
    {{"GET", "/healthz/ready", "", "the same"}, showReady},
    {{"GET", "/stats", kStatsParameters, "all numbers"}, showStats},
    {{"GET", "/stats/prometheus", "[?usedonly][&filter=REGEX]", "the same, for Prometheus"},
     showPrometheus},
    {{"GET", "/clusters", "[?format=json]", "upstreams: their state, connections and requests"},
     showClusters},
    {{"GET", "/listeners", "[?format=json]", "where it listens"}, showListeners},
    {{"GET", "/server_info", "", "version, state and options, as JSON"}, showServerInfo},
    {{"GET", "/config_dump", "", "listeners, routes and clusters, as JSON, without private keys"},
     showConfig},
    {{"GET", "/drain", "[?dry-run][&format=json]",
      "the drain and its ledger; dry-run: how long one would take now, and what it would cut"},
     showDrain},
    {{"POST", "/drain", "",
      "begins to drain: not ready, then, when the endpoint's removal is acknowledged, clients are "
      "told to go elsewhere"},
     startDrain},
    {{"POST", "/drain_listeners", "[?graceful[&skip_exit]][&inboundonly]",
      "tells clients at once; without graceful it stops listening now, without skip_exit when "
      "nothing is in flight"},
     drainListeners},
    {{"POST", "/healthcheck/fail", "", "fails readiness, and closes connections after responses"},
     failHealth},
    {{"POST", "/healthcheck/ok", "", "takes that back"}, okHealth},
    {{"POST", "/quitquitquit", "", "ends the process now"}, quit},
    {{"GET", "/logging", "", "the level of the log"}, showLogging},
    {{"POST", "/logging", "?level=LEVEL", "sets it"}, setLogging},
};

bool takes(const AdminEndpoint& endpoint, std::string_view method) {
  return endpoint.method == method || (endpoint.method == "GET" && method == "HEAD");
}

AdminAnswer wrongMethod(std::string_view path, std::string_view method) {
  std::vector<std::string> allowed;
  for (const Row& row : kRows) {
    if (row.endpoint.path == path) {
      allowed.emplace_back(row.endpoint.method == "GET" ? "GET, HEAD" : row.endpoint.method);
    }
  }
  if (allowed.empty()) {
    return plain(404, fmt::format("there is no {}; {}", escaped(path), help()));
  }
  AdminAnswer answer = plain(405, fmt::format("{} does not take {}: use {}\n", path,
                                              escaped(method), join(allowed, ", ")));
  answer.allow = join(allowed, ", ");
  return answer;
}

}  // namespace

std::vector<AdminEndpoint> adminEndpoints() {
  std::vector<AdminEndpoint> endpoints;
  for (const Row& row : kRows) {
    endpoints.push_back(row.endpoint);
  }
  return endpoints;
}

AdminAnswer answerAdmin(std::string_view method, std::string_view target, const ProxyView& view) {
  const AdminTarget parsed = AdminTarget::parse(target);
  for (const Row& row : kRows) {
    if (row.endpoint.path == parsed.path && takes(row.endpoint, method)) {
      return row.handler(parsed, view);
    }
  }
  return wrongMethod(parsed.path, method);
}

}  // namespace hitless::proxy
