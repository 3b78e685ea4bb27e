#include "core/proxy/admin/pages.h"

#include <fmt/format.h>

#include "core/proxy/escape.h"

namespace hitless::proxy {
namespace {

using kube::json::array;
using kube::json::object;

struct UpstreamNumber {
  std::string_view name;
  std::uint64_t UpstreamView::*value;
  bool gauge;
};

// Envoy: source/server/admin/clusters_handler.cc.
constexpr UpstreamNumber kNumbers[] = {
    {"cx_active", &UpstreamView::cxActive, true},
    {"cx_connect_fail", &UpstreamView::cxConnectFail, false},
    {"cx_total", &UpstreamView::cxTotal, false},
    {"rq_active", &UpstreamView::rqActive, true},
    {"rq_error", &UpstreamView::rqError, false},
    {"rq_success", &UpstreamView::rqSuccess, false},
    {"rq_timeout", &UpstreamView::rqTimeout, false},
    {"rq_total", &UpstreamView::rqTotal, false},
};

std::string_view healthFlags(UpstreamView::State state) {
  switch (state) {
    case UpstreamView::State::kReady:
      return "healthy";
    case UpstreamView::State::kTerminating:
      return "/eds_status_draining";
    case UpstreamView::State::kGone:
      return "/pending_dynamic_removal";
  }
  return "";
}

object healthToJson(UpstreamView::State state) {
  object health{
      {"eds_health_status", state == UpstreamView::State::kReady ? "HEALTHY" : "DRAINING"}};
  if (state == UpstreamView::State::kGone) {
    health["pending_dynamic_removal"] = true;
  }
  return health;
}

object addressToJson(const Address& address) {
  return {{"socket_address", object{{"address", address.ip.text()}, {"port_value", address.port}}}};
}

object upstreamToJson(const UpstreamView& upstream) {
  array stats;
  for (const UpstreamNumber& number : kNumbers) {
    // As protobuf's JSON has it: 64 bits are a string, and 0 is left out.
    object stat{{"name", number.name}};
    if (number.gauge) {
      stat["type"] = "GAUGE";
    }
    if (upstream.*number.value != 0) {
      stat["value"] = fmt::format("{}", upstream.*number.value);
    }
    stats.push_back(std::move(stat));
  }
  return {{"address", addressToJson(upstream.address)},
          {"stats", std::move(stats)},
          {"health_status", healthToJson(upstream.state)},
          {"weight", 1},
          {"hostname", upstream.pod}};
}

double inSeconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

std::string wholeSeconds(nanoseconds duration) {
  return fmt::format("{}s", duration / seconds(1));
}

}  // namespace

std::string renderClusters(const std::vector<ClusterView>& clusters) {
  std::string out;
  for (const ClusterView& cluster : clusters) {
    const std::string name = escaped(cluster.name);
    out += fmt::format("{0}::observability_name::{0}\n{0}::added_via_api::true\n", name);
    for (const UpstreamView& upstream : cluster.upstreams) {
      const std::string prefix = fmt::format("{}::{}::", name, upstream.address.text());
      for (const UpstreamNumber& number : kNumbers) {
        out += fmt::format("{}{}::{}\n", prefix, number.name, upstream.*number.value);
      }
      out += fmt::format("{0}hostname::{1}\n{0}health_flags::{2}\n{0}weight::1\n", prefix,
                         escaped(upstream.pod), healthFlags(upstream.state));
    }
  }
  return out;
}

object clustersToJson(const std::vector<ClusterView>& clusters) {
  array statuses;
  for (const ClusterView& cluster : clusters) {
    array hosts;
    for (const UpstreamView& upstream : cluster.upstreams) {
      hosts.push_back(upstreamToJson(upstream));
    }
    statuses.push_back(object{{"name", validUtf8(cluster.name)},
                              {"added_via_api", true},
                              {"host_statuses", std::move(hosts)}});
  }
  return {{"cluster_statuses", std::move(statuses)}};
}

std::string renderListeners(const std::vector<ListenerView>& listeners) {
  std::string out;
  for (const ListenerView& listener : listeners) {
    out += fmt::format("{}::{}\n", escaped(listener.name), listener.address.text());
  }
  return out;
}

object listenersToJson(const std::vector<ListenerView>& listeners) {
  array statuses;
  for (const ListenerView& listener : listeners) {
    statuses.push_back(object{{"name", validUtf8(listener.name)},
                              {"local_address", addressToJson(listener.address)}});
  }
  return {{"listener_statuses", std::move(statuses)}};
}

object serverInfoToJson(const ServerInfo& info, const ProxyView& view) {
  const bool live = view.drainState() == DrainState::kLive;
  object options;
  for (const auto& [name, value] : info.options) {
    options[name] = validUtf8(value);
  }
  return {{"version", info.version},
          {"state", !live          ? "DRAINING"
                    : view.ready() ? "LIVE"
                                   : "INITIALIZING"},
          {"hot_restart_version", "disabled"},
          {"command_line_options", std::move(options)},
          {"node", object{{"id", validUtf8(info.node)}}},
          {"uptime_current_epoch", wholeSeconds(info.uptime)},
          {"uptime_all_epochs", wholeSeconds(info.uptime)}};
}

std::string renderDrain(const DrainStatus& drain) {
  std::string out = fmt::format(
      "state {}\nmode {}\nrequests in flight {}\nconnections {}, of these told to go elsewhere "
      "{}\n",
      name(drain.state), text(drain.settings.mode),
      drain.inFlight.ages.size() + drain.inFlight.streams, drain.activeConnections,
      drain.noticedConnections);
  if (drain.untilDeadline) {
    out += fmt::format("what is left is cut in {:.1f} s\n", inSeconds(*drain.untilDeadline));
  }
  return out + renderLedger(drain.ledger, drain.settings);
}

object drainToJson(const DrainStatus& drain) {
  object out{{"state", name(drain.state)},
             {"mode", text(drain.settings.mode)},
             {"requestsInFlight", drain.inFlight.ages.size() + drain.inFlight.streams},
             {"connections", drain.activeConnections},
             {"noticedConnections", drain.noticedConnections},
             {"ledger", ledgerToJson(drain.ledger, drain.settings)}};
  if (drain.untilDeadline) {
    out["deadlineInSeconds"] = inSeconds(*drain.untilDeadline);
  }
  return out;
}

}  // namespace hitless::proxy
