#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/kube/json.h"
#include "core/proxy/stats/render.h"
#include "testing/page.h"

namespace hitless::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCluster = "outbound|80||web.default.svc.cluster.local";

Listener inbound() {
  Listener listener;
  listener.name = "inbound";
  listener.port = 15006;
  return listener;
}

RequestRecord request(int status = 200, Flags flags = 0) {
  RequestRecord record;
  record.method = "GET";
  record.status = status;
  record.flags = flags;
  record.cluster = kCluster;
  record.duration = milliseconds(7);
  record.upstreamTime = milliseconds(6);
  record.bytesSent = 100;
  return record;
}

std::string show(const WorkerStats& counted, StatsQuery query = {}) {
  StatsView view;
  view.counted.merge(counted);
  view.version = "1.2";
  view.ready = true;
  view.memberships.push_back({kCluster, 3, 2});
  return *renderStats(view, query);
}

/// The whole line that begins so.
std::string lineOf(const std::string& text, const std::string& begin) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(begin)) {
      return line;
    }
  }
  return "no line begins with " + begin;
}

class ProxyStats : public ::testing::Test {
 protected:
  void connect(HttpVersion version = HttpVersion::k11) {
    stats.accepted(scope);
    stats.speaks(scope, version);
  }
  void serve(const RequestRecord& record, HttpVersion version = HttpVersion::k11) {
    stats.requestBegan(scope, version);
    stats.requestEnded(scope, record);
  }

  WorkerStats stats;
  ListenerScope& scope = stats.listener(inbound(), Direction::kInbound);
  ClusterScope& cluster = stats.cluster(kCluster);
};

TEST_F(ProxyStats, AreEnvoysByName) {
  connect();
  connect(HttpVersion::k2);
  stats.requestBegan(scope, HttpVersion::k2);
  serve(request());
  const std::string text = show(stats);
  EXPECT_THAT(text, HasSubstr("\nlistener.0.0.0.0_15006.downstream_cx_active: 2\n"));
  EXPECT_THAT(text, HasSubstr("\nhttp.inbound_0.0.0.0_15006.downstream_rq_active: 1\n"));
  EXPECT_THAT(text, HasSubstr("\nhttp.inbound_0.0.0.0_15006.downstream_rq_2xx: 1\n"));
  EXPECT_THAT(text, HasSubstr("\nhttp.inbound_0.0.0.0_15006.downstream_cx_http2_active: 1\n"));
  EXPECT_THAT(text, HasSubstr("\nserver.total_connections: 2\n"));
  EXPECT_THAT(text, HasSubstr(std::string("cluster.") + kCluster + ".membership_healthy: 2\n"));
  EXPECT_EQ(lineOf(text, std::string("cluster.") + kCluster + ".upstream_rq_time"),
            std::string("cluster.") + kCluster +
                ".upstream_rq_time: P0(nan,5) P25(nan,6.25) P50(nan,7.5) P75(nan,8.75) "
                "P90(nan,9.5) P95(nan,9.75) P99(nan,9.95) P99.5(nan,9.975) P99.9(nan,9.995) "
                "P100(nan,10)");
}

/// pilot-agent's own query; it sums what it gets, and takes an empty answer for the end.
TEST_F(ProxyStats, AnswerPilotAgent) {
  const StatsQuery query{StatsQuery::Format::kText, true, "downstream_cx_active$"};
  EXPECT_EQ(show(stats, query), "");
  connect();
  EXPECT_EQ(show(stats, query),
            "http.inbound_0.0.0.0_15006.downstream_cx_active: 1\n"
            "listener.0.0.0.0_15006.downstream_cx_active: 1\n");
  stats.closed(scope, {.version = HttpVersion::k11});
  EXPECT_THAT(show(stats, query), HasSubstr("listener.0.0.0.0_15006.downstream_cx_active: 0\n"))
      << "what was used once is used";
}

TEST_F(ProxyStats, OfConnectionsOfClients) {
  for (int i = 0; i < 4; ++i) {
    connect(HttpVersion::k2);
  }
  stats.accepted(scope);
  stats.closed(scope, {.version = HttpVersion::k2, .byPeer = true, .activeRequests = 2});
  stats.closed(scope, {.version = HttpVersion::k2, .byPeer = true});
  stats.closed(scope, {.version = HttpVersion::k2, .drain = true});
  stats.closed(scope, {.version = HttpVersion::k2, .idle = true});
  stats.closed(scope, {});
  stats.goawaySent();
  stats.upgraded(scope);
  const std::string text = show(stats);
  for (const char* line :
       {"listener.0.0.0.0_15006.downstream_cx_active: 0",
        "listener.0.0.0.0_15006.downstream_cx_destroy: 5",
        "http.inbound_0.0.0.0_15006.downstream_cx_active: 0",
        "http.inbound_0.0.0.0_15006.downstream_cx_http2_active: 0",
        "http.inbound_0.0.0.0_15006.downstream_cx_destroy: 4",
        "http.inbound_0.0.0.0_15006.downstream_cx_destroy_remote_active_rq: 1",
        "http.inbound_0.0.0.0_15006.downstream_cx_drain_close: 1",
        "http.inbound_0.0.0.0_15006.downstream_cx_idle_timeout: 1",
        "http.inbound_0.0.0.0_15006.downstream_cx_upgrades_active: 1", "http2.goaway_sent: 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

TEST_F(ProxyStats, OfConnectionsToUpstreams) {
  for (int i = 0; i < 5; ++i) {
    stats.connecting(cluster);
  }
  stats.connected(cluster, HttpVersion::k11, milliseconds(1));
  stats.connected(cluster, HttpVersion::k2, milliseconds(1));
  stats.connectFailed(cluster, false);
  stats.connectFailed(cluster, true);
  stats.disconnected(cluster, true, 1);
  stats.disconnected(cluster, false, 0);
  stats.tryBegan(cluster);
  stats.tryBegan(cluster);
  stats.tryEnded(cluster, true);
  const std::string text = show(stats);
  for (const char* line :
       {".upstream_cx_active: 1", ".upstream_cx_total: 5", ".upstream_cx_http1_total: 1",
        ".upstream_cx_http2_total: 1", ".upstream_cx_connect_fail: 2",
        ".upstream_cx_connect_timeout: 1", ".upstream_cx_destroy: 2",
        ".upstream_cx_destroy_remote_with_active_rq: 1",
        ".upstream_cx_destroy_local_with_active_rq: 0", ".upstream_cx_destroy_local: 1",
        ".upstream_rq_active: 1", ".upstream_rq_total: 2", ".upstream_rq_per_try_timeout: 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string("cluster.") + kCluster + line + "\n"));
  }
}

TEST_F(ProxyStats, OfRequestsThatWereTriedAgain) {
  RequestRecord saved = request();
  saved.replays = {ReplayReason::kNeverAcknowledged, ReplayReason::kRefused};
  serve(saved);
  RequestRecord lost = request(503, Flags{} | Flag::kUpstreamConnectionTermination);
  lost.replays = {ReplayReason::kNeverAcknowledged};
  lost.notReplayed = ReplayReason::kBudgetUsedUp;
  serve(lost);
  RequestRecord late = request(504, Flags{} | Flag::kUpstreamRequestTimeout);
  late.notReplayed = ReplayReason::kOutOfTime;
  serve(late);
  const std::string text = show(stats);
  for (const char* line :
       {".upstream_rq_retry: 3", ".upstream_rq_retry_success: 1", ".upstream_rq_retry_overflow: 1",
        ".upstream_rq_rx_reset: 1", ".upstream_rq_timeout: 1", ".upstream_rq_5xx: 2"}) {
    EXPECT_THAT(text, HasSubstr(std::string("cluster.") + kCluster + line + "\n"));
  }
  const std::string metrics = show(stats, {StatsQuery::Format::kPrometheus, false, ""});
  EXPECT_THAT(metrics, HasSubstr("hitless_proxy_replays_total{reason=\"never-acknowledged\"} 2\n"));
  EXPECT_THAT(metrics, HasSubstr("hitless_proxy_replays_total{reason=\"refused\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("hitless_proxy_not_replayed_total{reason=\"out-of-time\"} 1\n"));
}

TEST_F(ProxyStats, WithoutRouteOrCluster) {
  RequestRecord record = request(404, Flags{} | Flag::kNoRouteFound);
  record.cluster.clear();
  serve(record);
  RequestRecord bytes = record;
  bytes.method.clear();
  stats.requestEnded(scope, bytes);
  const std::string text = show(stats);
  EXPECT_THAT(text, HasSubstr("http.inbound_0.0.0.0_15006.no_route: 1\n"));
  EXPECT_THAT(text, HasSubstr("listener.0.0.0.0_15006.no_filter_chain_match: 1\n"));
  EXPECT_THAT(show(stats, {StatsQuery::Format::kPrometheus, false, "istio_requests_total"}),
              HasSubstr("destination_service=\"unknown\""));
}

TEST_F(ProxyStats, ForPrometheusAreIstios) {
  connect();
  serve(request(503, Flags{} | Flag::kUpstreamConnectionTermination));
  RequestRecord call = request();
  call.grpc = true;
  call.grpcStatus = 99;
  serve(call);
  const std::string text = show(stats, {StatsQuery::Format::kPrometheus, false, ""});
  EXPECT_THAT(text, HasSubstr("# TYPE envoy_listener_downstream_cx_active gauge\n"
                              "envoy_listener_downstream_cx_active{listener_address=\"0.0.0.0_"
                              "15006\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("envoy_cluster_upstream_rq{cluster_name=\"outbound|80||web.default."
                              "svc.cluster.local\",response_code_class=\"5xx\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("istio_requests_total{reporter=\"destination\",destination_service=\"web."
                        "default.svc.cluster.local\",destination_service_name=\"web\",destination_"
                        "service_namespace=\"default\",response_flags=\"UC\",request_protocol="
                        "\"http\",response_code=\"503\",grpc_response_status=\"\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("request_protocol=\"grpc\",response_code=\"200\",grpc_response_"
                              "status=\"2\"} 1\n"))
      << "a code that there is not is UNKNOWN";
  EXPECT_THAT(text, HasSubstr("\"\",le=\"5\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\"\",le=\"10\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hitless_proxy_build_info{version=\"1.2\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nenvoy_server_total_connections 1\n"));
}

/// Every family has its HELP and TYPE once, before its samples, and they stand together.
TEST_F(ProxyStats, ForPrometheusAreWellFormed) {
  Listener other = inbound();
  other.name = "other";
  other.port = 15001;
  stats.listener(other, Direction::kOutbound);
  serve(request());
  std::istringstream lines(show(stats, {StatsQuery::Format::kPrometheus, false, ""}));
  std::set<std::string> seen;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(family).second) << family;
    } else if (!line.starts_with("# TYPE " + family + " ")) {
      EXPECT_TRUE(line.starts_with(family)) << line;
      EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(line.back()))) << line;
    }
  }
  EXPECT_GT(seen.size(), 70U);
}

TEST_F(ProxyStats, MayBeFiltered) {
  connect();
  const std::string used = show(stats, {StatsQuery::Format::kPrometheus, true, ""});
  EXPECT_THAT(used, HasSubstr("envoy_listener_downstream_cx_total"));
  EXPECT_THAT(used, Not(HasSubstr("upstream_cx_total")));
  const std::string some =
      show(stats, {StatsQuery::Format::kPrometheus, false, "^hitless_.*state"});
  EXPECT_EQ(some,
            "# HELP hitless_proxy_drain_state 0 LIVE, 1 LAMEDUCK, 2 NOTIFY, 3 FINAL, 4 EXIT\n"
            "# TYPE hitless_proxy_drain_state gauge\nhitless_proxy_drain_state 0\n");
}

TEST_F(ProxyStats, RefuseWhatIsNoExpression) {
  const auto error = [](const std::string& filter) {
    return renderStats(StatsView{}, {StatsQuery::Format::kText, false, filter}).error().text();
  };
  EXPECT_THAT(error("("), HasSubstr("filter: \"(\" is no regular expression"));
  EXPECT_THAT(error(R"((a)\1)"), HasSubstr("is no regular expression"));
  EXPECT_THAT(error(std::string(300, 'a')), HasSubstr("too long"));
}

TEST_F(ProxyStats, AnExpressionCannotTakeForEver) {
  stats.cluster(std::string(200, 'a'));
  EXPECT_EQ(show(stats, {StatsQuery::Format::kText, false, "(a*)*(a*)*(a*)*!"}), "");
}

TEST_F(ProxyStats, AreJsonToo) {
  serve(request());
  const auto json =
      kube::json::parse(show(stats, {StatsQuery::Format::kJson, true, "rq_(total|time)"}));
  const auto& list = json.at("stats").as_array();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("name").as_string(), "http.inbound_0.0.0.0_15006.downstream_rq_total");
  EXPECT_EQ(list[0].at("value").to_number<int>(), 1);
  const auto& computed = list[1].at("histograms").at("computed_quantiles").as_array();
  EXPECT_EQ(computed.size(), 2U);
}

TEST_F(ProxyStats, OfWorkersAddUp) {
  connect();
  serve(request());
  stats.connecting(cluster);
  stats.drained(Fate::kCut);
  WorkerStats all;
  all.merge(stats);
  EXPECT_EQ(show(all), show(stats));
  all.merge(stats);
  const std::string text = show(all);
  EXPECT_THAT(text, HasSubstr("listener.0.0.0.0_15006.downstream_cx_active: 2\n"));
  EXPECT_THAT(text, HasSubstr(".upstream_cx_active: 2\n"));
  const std::string metrics = show(all, {StatsQuery::Format::kPrometheus, false, ""});
  EXPECT_THAT(metrics, HasSubstr("grpc_response_status=\"\"} 2\n"));
  EXPECT_THAT(metrics, HasSubstr("hitless_proxy_drained_requests_total{fate=\"cut\"} 2\n"));
}

TEST_F(ProxyStats, AreFoundAgain) {
  EXPECT_EQ(&stats.listener(inbound(), Direction::kInbound), &scope);
  EXPECT_EQ(&stats.cluster(kCluster), &cluster);
  for (int i = 0; i < 1000; ++i) {
    stats.cluster(std::to_string(i));
  }
  EXPECT_EQ(&stats.cluster(kCluster), &cluster) << "scopes stay where they are";
  Listener six = inbound();
  six.address = IpAddress::parse("::");
  EXPECT_EQ(statAddress(six), "[__]_15006");
}

TEST(StatHistogramTest, TellsQuantilesByBuckets) {
  StatHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0);
  for (int i = 0; i < 100; ++i) {
    histogram.add(i < 90 ? 3.0 : 300.0);
  }
  EXPECT_GT(histogram.quantile(0.5), 1);
  EXPECT_LE(histogram.quantile(0.5), 5);
  EXPECT_GT(histogram.quantile(0.95), 250);
  EXPECT_LE(histogram.quantile(1), 500);
  histogram.add(1e12);
  EXPECT_EQ(histogram.quantile(1), 3'600'000);
  EXPECT_EQ(histogram.count(), 101U);
}

TEST(ProxyStatsPage, IsTheTables) {
  testing::expectPage("proxy-metrics.md", renderStatsPage());
}

}  // namespace
}  // namespace hitless::proxy
