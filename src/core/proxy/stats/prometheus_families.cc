#include <fmt/format.h>

#include "base/text.h"
#include "core/proxy/access_log/flags.h"
#include "core/proxy/stats/prometheus.h"

namespace hitless::proxy {
namespace {

using View = const StatsView&;
using Writer = PrometheusWriter&;
using Protocol = RequestKey::Protocol;

/// The host in "outbound|80||web.default.svc.cluster.local"; empty if it is not so called.
std::string_view hostOf(const ClusterScope* cluster) {
  if (cluster == nullptr) {
    return {};
  }
  const auto parts = split(cluster->name, '|');
  return parts.size() == 4 ? parts[3] : std::string_view{};
}

/// What Istio calls the service: its host, and that host's first two labels.
std::string destination(const ClusterScope* cluster) {
  const std::string_view host = hostOf(cluster);
  const auto labels = split(host, '.');
  const auto or_ = [](std::string_view text) { return text.empty() ? "unknown" : text; };
  return prometheusLabel("destination_service", or_(host)) + "," +
         prometheusLabel("destination_service_name", or_(labels[0])) + "," +
         prometheusLabel("destination_service_namespace",
                         or_(labels.size() > 2 ? labels[1] : std::string_view{}));
}

std::string common(const RequestKey& key) {
  const bool inbound = key.listener->direction == Direction::kInbound;
  return prometheusLabel("reporter", inbound ? "destination" : "source") + "," +
         destination(key.cluster) + "," + prometheusLabel("response_flags", flagNames(key.flags));
}

std::string requestLabels(const RequestKey& key) {
  return common(key) +
         fmt::format(",request_protocol=\"{}\",response_code=\"{}\",grpc_response_status=\"{}\"",
                     key.protocol == Protocol::kGrpc ? "grpc" : "http", key.status,
                     key.grpcStatus < 0 ? "" : fmt::format("{}", key.grpcStatus));
}

template <class Sample>
void eachRequest(View view, bool bytes, Sample&& sample) {
  for (const auto& [key, counts] : view.counted.requests()) {
    if ((key.protocol == Protocol::kTcp) == bytes) {
      sample(bytes ? common(key) + ",request_protocol=\"tcp\"" : requestLabels(key), counts);
    }
  }
}

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(value);
}

void addJudged(View view, Writer to, bool replayed) {
  for (std::size_t i = 0; i < kReplayReasons; ++i) {
    const auto reason = static_cast<ReplayReason>(i);
    if (replays(reason) == replayed) {
      const std::uint64_t count = view.counted.judged(reason);
      to.sample(prometheusLabel("reason", name(reason)), static_cast<std::int64_t>(count),
                count > 0);
    }
  }
}

/// A sum over the listeners of a direction.
template <class Value>
void addByDirection(View view, Writer to, Value&& value) {
  std::int64_t sums[2] = {};
  view.counted.eachListener([&](const ListenerScope& scope) {
    sums[static_cast<std::size_t>(scope.direction)] += value(scope);
  });
  to.sample("direction=\"inbound\"", sums[0]);
  to.sample("direction=\"outbound\"", sums[1]);
}

constexpr std::string_view kRequestLabels =
    "reporter, destination_service, destination_service_name, destination_service_namespace, "
    "request_protocol, response_code, grpc_response_status, response_flags";
constexpr std::string_view kTcpLabels =
    "reporter, destination_service, destination_service_name, destination_service_namespace, "
    "request_protocol, response_flags";

constexpr PrometheusFamily kFamilies[] = {
    {"istio_requests_total", "counter", kRequestLabels, "Requests that ended",
     [](View view, Writer to) {
       eachRequest(view, false, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, static_cast<std::int64_t>(counts.requests));
       });
     }},
    {"istio_request_duration_milliseconds", "histogram", kRequestLabels,
     "From a request's first byte to its response's last",
     [](View view, Writer to) {
       eachRequest(view, false, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, counts.duration);
       });
     }},
    {"istio_request_bytes", "histogram", kRequestLabels, "Bodies of requests",
     [](View view, Writer to) {
       eachRequest(view, false, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, counts.requestBytes);
       });
     }},
    {"istio_response_bytes", "histogram", kRequestLabels, "Bodies of responses",
     [](View view, Writer to) {
       eachRequest(view, false, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, counts.responseBytes);
       });
     }},
    {"istio_tcp_connections_closed_total", "counter", kTcpLabels, "Connections of bytes that ended",
     [](View view, Writer to) {
       eachRequest(view, true, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, static_cast<std::int64_t>(counts.requests));
       });
     }},
    {"istio_tcp_received_bytes_total", "counter", kTcpLabels,
     "Bytes from clients of connections that ended",
     [](View view, Writer to) {
       eachRequest(view, true, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, whole(counts.requestBytes.sum()));
       });
     }},
    {"istio_tcp_sent_bytes_total", "counter", kTcpLabels,
     "Bytes to clients of connections that ended",
     [](View view, Writer to) {
       eachRequest(view, true, [&](const std::string& labels, const RequestCounts& counts) {
         to.sample(labels, whole(counts.responseBytes.sum()));
       });
     }},
    {"hitless_proxy_drain_state", "gauge", "", "0 LIVE, 1 LAMEDUCK, 2 NOTIFY, 3 FINAL, 4 EXIT",
     [](View view, Writer to) { to.sample("", static_cast<std::int64_t>(view.drain)); }},
    {"hitless_proxy_ready", "gauge", "", "1 if GET /ready says so",
     [](View view, Writer to) { to.sample("", view.ready ? 1 : 0); }},
    {"hitless_proxy_requests_in_flight", "gauge", "direction",
     "Requests that have begun and not ended; a drain waits for these",
     [](View view, Writer to) {
       addByDirection(view, to, [](const ListenerScope& s) { return s.http[HttpStat::kRqActive]; });
     }},
    {"hitless_proxy_connections", "gauge", "direction", "Connections of clients, idle or not",
     [](View view, Writer to) {
       addByDirection(view, to,
                      [](const ListenerScope& s) { return s.listener[ListenerStat::kCxActive]; });
     }},
    {"hitless_proxy_drained_requests_total", "counter", "fate",
     "What became of requests since a drain began: completed, moved, cut",
     [](View view, Writer to) {
       for (const Fate fate : {Fate::kCompleted, Fate::kMoved, Fate::kCut}) {
         const std::uint64_t count = view.counted.drained(fate);
         to.sample(prometheusLabel("fate", name(fate)), static_cast<std::int64_t>(count),
                   count > 0);
       }
     }},
    {"hitless_proxy_replays_total", "counter", "reason",
     "Requests sent to another upstream, by what allowed it",
     [](View view, Writer to) { addJudged(view, to, true); }},
    {"hitless_proxy_not_replayed_total", "counter", "reason",
     "Requests whose upstream failed and that were not sent to another, by why not",
     [](View view, Writer to) { addJudged(view, to, false); }},
    {"hitless_proxy_uptime_seconds", "gauge", "", "How long the process has run",
     [](View view, Writer to) { to.sample("", view.uptime / seconds(1)); }},
    {"hitless_proxy_build_info", "gauge", "version", "Always 1",
     [](View view, Writer to) { to.sample(prometheusLabel("version", view.version), 1); }},
};

}  // namespace

std::span<const PrometheusFamily> prometheusFamilies() {
  return kFamilies;
}

}  // namespace hitless::proxy
