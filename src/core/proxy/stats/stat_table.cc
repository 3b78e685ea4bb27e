#include "core/proxy/stats/counters.h"

namespace hitless::proxy {
namespace {

using enum StatType;

// Names are Envoy's: docs/root/configuration/listeners/stats.rst, http/http_conn_man/stats.rst,
// upstream/cluster_manager/cluster_stats.rst.
constexpr StatRow kServer[] = {
    {"http2.goaway_sent", kCounter, "HTTP/2 connections whose client was told to begin no more"},
    {"server.total_connections", kGauge, "Connections of clients"},
};

constexpr StatRow kListener[] = {
    {"downstream_cx_active", kGauge, "Connections of clients"},
    {"downstream_cx_total", kCounter, "Connections accepted"},
    {"downstream_cx_destroy", kCounter, "Connections ended"},
    {"no_filter_chain_match", kCounter, "Connections whose TLS server name no route has"},
};

constexpr StatRow kHttp[] = {
    {"downstream_cx_active", kGauge, "Connections that speak HTTP"},
    {"downstream_cx_total", kCounter, "Connections that spoke HTTP"},
    {"downstream_cx_http1_active", kGauge, "Connections that speak HTTP/1"},
    {"downstream_cx_http1_total", kCounter, "Connections that spoke HTTP/1"},
    {"downstream_cx_http2_active", kGauge, "Connections that speak HTTP/2"},
    {"downstream_cx_http2_total", kCounter, "Connections that spoke HTTP/2"},
    {"downstream_cx_destroy", kCounter, "Connections ended"},
    {"downstream_cx_destroy_remote_active_rq", kCounter,
     "Connections that clients ended while a request was in flight"},
    {"downstream_cx_drain_close", kCounter, "Connections ended because of a drain"},
    {"downstream_cx_idle_timeout", kCounter, "Connections ended because nothing came for too long"},
    {"downstream_cx_protocol_error", kCounter, "Connections whose client broke the rules of HTTP"},
    {"downstream_cx_upgrades_active", kGauge, "Connections that speak another protocol by now"},
    {"downstream_cx_upgrades_total", kCounter, "Requests for another protocol that were granted"},
    {"downstream_rq_active", kGauge, "Requests in flight"},
    {"downstream_rq_total", kCounter, "Requests begun"},
    {"downstream_rq_http1_total", kCounter, "Requests begun over HTTP/1"},
    {"downstream_rq_http2_total", kCounter, "Requests begun over HTTP/2"},
    {"downstream_rq_completed", kCounter, "Requests that got a response"},
    {"downstream_rq_1xx", kCounter, "Responses with a status of 1xx (101)"},
    {"downstream_rq_2xx", kCounter, "Responses with a status of 2xx"},
    {"downstream_rq_3xx", kCounter, "Responses with a status of 3xx"},
    {"downstream_rq_4xx", kCounter, "Responses with a status of 4xx"},
    {"downstream_rq_5xx", kCounter, "Responses with a status of 5xx"},
    {"downstream_rq_timeout", kCounter, "Requests that took longer than their route allows"},
    {"downstream_rq_rx_reset", kCounter, "Requests that clients gave up"},
    {"no_route", kCounter, "Requests that no route matches"},
    {"no_cluster", kCounter, "Requests whose route has no backend that exists"},
};

constexpr StatRow kCluster[] = {
    {"upstream_cx_active", kGauge, "Connections to upstreams"},
    {"upstream_cx_total", kCounter, "Connections begun"},
    {"upstream_cx_http1_total", kCounter, "Connections made that speak HTTP/1"},
    {"upstream_cx_http2_total", kCounter, "Connections made that speak HTTP/2"},
    {"upstream_cx_connect_fail", kCounter, "Connections that were not to be had"},
    {"upstream_cx_connect_timeout", kCounter, "Of these: not in time"},
    {"upstream_cx_destroy", kCounter, "Connections ended"},
    {"upstream_cx_destroy_local", kCounter, "Connections ended by the proxy"},
    {"upstream_cx_destroy_remote", kCounter, "Connections ended by upstreams"},
    {"upstream_cx_destroy_with_active_rq", kCounter,
     "Connections ended while a request was in flight"},
    {"upstream_cx_destroy_local_with_active_rq", kCounter, "Of these: by the proxy"},
    {"upstream_cx_destroy_remote_with_active_rq", kCounter, "Of these: by upstreams"},
    {"upstream_rq_active", kGauge, "Tries in flight"},
    {"upstream_rq_total", kCounter, "Tries begun"},
    {"upstream_rq_completed", kCounter, "Requests that got a response"},
    {"upstream_rq_1xx", kCounter, "Responses with a status of 1xx (101)"},
    {"upstream_rq_2xx", kCounter, "Responses with a status of 2xx"},
    {"upstream_rq_3xx", kCounter, "Responses with a status of 3xx"},
    {"upstream_rq_4xx", kCounter, "Responses with a status of 4xx"},
    {"upstream_rq_5xx", kCounter, "Responses with a status of 5xx"},
    {"upstream_rq_retry", kCounter, "Tries after the first"},
    {"upstream_rq_retry_success", kCounter,
     "Requests tried again that got a response other than 5xx"},
    {"upstream_rq_retry_overflow", kCounter,
     "Requests not tried again because too many were being"},
    {"upstream_rq_retry_limit_exceeded", kCounter,
     "Requests not tried again because their route allows no more tries"},
    {"upstream_rq_timeout", kCounter, "Requests that took longer than their route allows"},
    {"upstream_rq_per_try_timeout", kCounter, "Tries that took longer than their route allows"},
    {"upstream_rq_pending_overflow", kCounter, "Requests refused because of a limit"},
    {"upstream_rq_rx_reset", kCounter, "Requests that an upstream reset or cut"},
    {"upstream_cx_none_healthy", kCounter, "Requests for which there was no upstream"},
};

static_assert(std::size(kServer) == Counters<ServerStat>::kSize);
static_assert(std::size(kListener) == Counters<ListenerStat>::kSize);
static_assert(std::size(kHttp) == Counters<HttpStat>::kSize);
static_assert(std::size(kCluster) == Counters<ClusterStat>::kSize);

}  // namespace

std::span<const StatRow> statTable(ServerStat) {
  return kServer;
}
std::span<const StatRow> statTable(ListenerStat) {
  return kListener;
}
std::span<const StatRow> statTable(HttpStat) {
  return kHttp;
}
std::span<const StatRow> statTable(ClusterStat) {
  return kCluster;
}

}  // namespace hitless::proxy
