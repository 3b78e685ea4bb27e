#include "core/proxy/admin/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "core/kube/json.h"
#include "core/proxy/admin/query.h"
#include "core/proxy/routing/routes.h"

namespace hitless::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeView : public ProxyView {
 public:
  bool ready() const override { return isReady; }
  DrainState drainState() const override { return status.state; }
  StatsView stats() const override {
    StatsView view;
    view.counted.listener(Listener{"in", 15006, {}, {}, {}}, Direction::kInbound);
    return view;
  }
  std::vector<ClusterView> clusters() const override {
    ClusterView cluster{"outbound|80||web", {}};
    UpstreamView one;
    one.address = {IpAddress::v4(0x0af40103), 8080};
    one.pod = "default/web-1";
    one.cxActive = 3;
    one.rqTotal = 7;
    UpstreamView two = one;
    two.state = UpstreamView::State::kTerminating;
    two.address.port = 8081;
    UpstreamView three = one;
    three.state = UpstreamView::State::kGone;
    three.address = {*IpAddress::parse("fd00::3"), 80};
    cluster.upstreams = {one, two, three};
    return {cluster};
  }
  std::vector<ListenerView> listeners() const override { return where; }
  DrainStatus drain() const override { return status; }
  ServerInfo info() const override {
    return {"0.1.0", seconds(61), "default/web-1", {{"drain", "requests"}}};
  }
  std::shared_ptr<const RouteTable> routes() const override { return table; }
  std::string logLevel() const override { return "info"; }

  bool isReady = true;
  DrainStatus status;
  std::vector<ListenerView> where{{"in", {IpAddress(), 15006}, Direction::kInbound}};
  std::shared_ptr<RouteTable> table = std::make_shared<RouteTable>();
};

class Admin : public ::testing::Test {
 protected:
  AdminAnswer get(std::string_view target) { return answerAdmin("GET", target, view); }
  AdminAnswer post(std::string_view target) { return answerAdmin("POST", target, view); }
  FakeView view;
};

TEST_F(Admin, SaysWhetherItTakesTraffic) {
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "LIVE\n");
  EXPECT_EQ(get("/healthz/ready").status, 200);
  view.isReady = false;
  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "NOT READY\n");
  view.status.state = DrainState::kLameDuck;
  EXPECT_EQ(get("/healthz/ready").status, 503);
  EXPECT_EQ(get("/healthz/ready").body, "LAMEDUCK\n");
}

TEST_F(Admin, ShowsStats) {
  EXPECT_THAT(get("/stats").body, HasSubstr("listener.0.0.0.0_15006.downstream_cx_active: 0\n"));
  EXPECT_EQ(get("/stats?usedonly&filter=downstream_cx_active$").body, "");
  EXPECT_EQ(get("/stats?filter=%5Elistener.*cx_total").body,
            "listener.0.0.0.0_15006.downstream_cx_total: 0\n");
  EXPECT_EQ(get("/stats?format=json").contentType, "application/json");
  EXPECT_THAT(get("/stats/prometheus").body, HasSubstr("# TYPE hitless_proxy_drain_state gauge\n"));
  EXPECT_EQ(get("/stats?format=prometheus").body, get("/stats/prometheus").body);
  EXPECT_THAT(get("/stats/prometheus").contentType, HasSubstr("version=0.0.4"));
  EXPECT_EQ(get("/stats?filter=(").status, 400);
  EXPECT_EQ(get("/stats?format=xml").status, 400);
}

TEST_F(Admin, ShowsClustersAsEnvoyDoes) {
  const std::string text = get("/clusters").body;
  EXPECT_THAT(text, HasSubstr("outbound|80||web::10.244.1.3:8080::cx_active::3\n"));
  EXPECT_THAT(text, HasSubstr("outbound|80||web::10.244.1.3:8080::rq_total::7\n"));
  EXPECT_THAT(text, HasSubstr("outbound|80||web::10.244.1.3:8080::health_flags::healthy\n"));
  EXPECT_THAT(text, HasSubstr("::10.244.1.3:8081::health_flags::/eds_status_draining\n"));
  EXPECT_THAT(text, HasSubstr("::[fd00::3]:80::health_flags::/pending_dynamic_removal\n"));
  EXPECT_THAT(text, HasSubstr("::hostname::default/web-1\n"));

  const auto json = kube::json::parse(get("/clusters?format=json").body);
  const auto& host = json.at("cluster_statuses").at(0).at("host_statuses").at(0);
  EXPECT_EQ(host.at("address").at("socket_address").at("port_value").to_number<int>(), 8080);
  EXPECT_EQ(host.at("stats").at(0).at("value").as_string(), "3");
  EXPECT_EQ(host.at("health_status").at("eds_health_status").as_string(), "HEALTHY");
}

TEST_F(Admin, ShowsListeners) {
  EXPECT_EQ(get("/listeners").body, "in::0.0.0.0:15006\n");
  const auto json = kube::json::parse(get("/listeners?format=json").body);
  EXPECT_EQ(json.at("listener_statuses").at(0).at("name").as_string(), "in");
}

TEST_F(Admin, ShowsTheServer) {
  const auto state = [&] {
    return std::string(kube::json::parse(get("/server_info").body).at("state").as_string());
  };
  EXPECT_EQ(state(), "LIVE");
  view.isReady = false;
  EXPECT_EQ(state(), "INITIALIZING");
  view.status.state = DrainState::kNotify;
  EXPECT_EQ(state(), "DRAINING");
  EXPECT_THAT(get("/server_info").body, HasSubstr("\"uptime_current_epoch\":\"61s\""));
}

TEST_F(Admin, ShowsTheConfigurationWithoutKeys) {
  Listener listener;
  listener.name = "default/gateway/https";
  VirtualHost host;
  host.certificate = Certificate{"the chain", "the secret"};
  RouteRule rule;
  rule.name = "default/web/0";
  rule.matches.push_back({});
  rule.redirect = Redirect{};
  rule.rewrite = Rewrite{"other", PathEdit{true, "/x"}};
  rule.backends.push_back({"a", 3, {{{"x-a", "1"}}, {}, {"x-b"}}, {}});
  rule.timeout = milliseconds(1500);
  host.rules.push_back(rule);
  listener.hosts.push_back(host);
  view.table->listeners.push_back(std::make_shared<routing::Routes>(listener));
  Cluster cluster;
  cluster.name = "a";
  cluster.upstreams.push_back({{IpAddress::v4(0x0af40103), 8080}, false, "default/web-1", ""});
  view.table->clusters["a"] = std::make_shared<Cluster>(cluster);

  const std::string text = get("/config_dump").body;
  EXPECT_THAT(text, HasSubstr("the chain"));
  EXPECT_THAT(text, Not(HasSubstr("the secret")));
  const auto json = kube::json::parse(text);
  const auto& shown = json.at("listeners").at(0).at("hosts").at(0).at("rules").at(0);
  EXPECT_EQ(shown.at("name").as_string(), "default/web/0");
  EXPECT_EQ(shown.at("timeoutSeconds").to_number<double>(), 1.5);
  EXPECT_EQ(shown.at("backends").at(0).at("requestHeaderModifier").at("remove").at(0).as_string(),
            "x-b");
  EXPECT_EQ(shown.at("rewrite").at("path").at("type").as_string(), "ReplacePrefixMatch");
  EXPECT_FALSE(json.at("clusters").at(0).at("upstreams").at(0).at("ready").as_bool());
}

TEST_F(Admin, WithoutAConfigurationThereIsNoneToShow) {
  view.table = nullptr;
  EXPECT_EQ(get("/config_dump").status, 503);
}

TEST_F(Admin, DrainsListeners) {
  const auto order = [&](std::string_view target) {
    const AdminAnswer answer = post(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body, "OK\n");
    return std::get<DrainOrder>(answer.action);
  };
  // pilot-agent's preStop hook of a native sidecar.
  const DrainOrder hook = order("/drain_listeners?inboundonly&graceful&skip_exit");
  EXPECT_TRUE(hook.graceful);
  EXPECT_TRUE(hook.skipExit);
  EXPECT_FALSE(hook.waitForRemoval);
  EXPECT_FALSE(order("/drain_listeners").graceful);
  EXPECT_FALSE(order("/drain_listeners?graceful").skipExit);
  EXPECT_TRUE(order("/drain").waitForRemoval);

  EXPECT_EQ(post("/drain_listeners?skip_exit").status, 400);
  view.where.clear();
  EXPECT_EQ(post("/drain_listeners?inboundonly").status, 400);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(post("/drain_listeners?inboundonly").action));
}

TEST_F(Admin, ActsOnPostOnly) {
  EXPECT_TRUE(std::holds_alternative<Quit>(post("/quitquitquit").action));
  EXPECT_FALSE(std::get<SetHealthy>(post("/healthcheck/fail").action).healthy);
  EXPECT_TRUE(std::get<SetHealthy>(post("/healthcheck/ok").action).healthy);
  EXPECT_EQ(std::get<SetLogLevel>(post("/logging?level=debug").action).level, "debug");
  EXPECT_EQ(get("/logging").body, "level: info\n");
  EXPECT_EQ(post("/logging?level=loud").status, 400);
  EXPECT_EQ(post("/logging").status, 400);
  for (const char* path :
       {"/quitquitquit", "/healthcheck/fail", "/healthcheck/ok", "/drain_listeners"}) {
    const AdminAnswer answer = get(path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.allow, "POST");
    EXPECT_THAT(answer.body, HasSubstr("use POST"));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(answer.action)) << path;
  }
  EXPECT_EQ(post("/ready").allow, "GET, HEAD");
  EXPECT_EQ(answerAdmin("DELETE", "/drain", view).allow, "GET, HEAD, POST");
  EXPECT_EQ(answerAdmin("HEAD", "/ready", view).status, 200);
}

TEST_F(Admin, ForetellsADrain) {
  view.status.settings.grace = seconds(30);
  view.status.inFlight.ages = {seconds(1)};
  for (int i = 0; i < 100; ++i) {
    view.status.recent.add(MonoTime{std::chrono::hours(1)}, seconds(4));
  }
  const AdminAnswer text = get("/drain?dry-run");
  EXPECT_THAT(text.body, HasSubstr("in flight 1, oldest 1.0 s\nall would end in 3.0 s"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(text.action));
  const auto json = kube::json::parse(get("/drain?dry-run&format=json").body);
  EXPECT_EQ(json.at("probabilityNothingCut").to_number<double>(), 1);
  EXPECT_NEAR(json.at("medianSeconds").to_number<double>(), 3, 0.01);
}

TEST_F(Admin, ShowsTheDrain) {
  view.status.state = DrainState::kNotify;
  view.status.untilDeadline = seconds(12);
  view.status.activeConnections = 5;
  view.status.noticedConnections = 4;
  view.status.inFlight = {{seconds(1)}, 1};
  EXPECT_EQ(get("/drain").body,
            "state NOTIFY\nmode requests\nrequests in flight 2\nconnections 5, of these told to go "
            "elsewhere 4\nwhat is left is cut in 12.0 s\ndrained: 0 completed, 0 moved, 0 cut\n");
  const auto json = kube::json::parse(get("/drain?format=json").body);
  EXPECT_EQ(json.at("state").as_string(), "NOTIFY");
  EXPECT_EQ(json.at("ledger").at("cut").to_number<int>(), 0);
}

TEST_F(Admin, ListsWhatThereIs) {
  const AdminAnswer none = get("/nowhere");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, StartsWith("there is no /nowhere; admin commands are:\n"));
  for (const AdminEndpoint& endpoint : adminEndpoints()) {
    EXPECT_THAT(get("/").body, HasSubstr(std::string(endpoint.path)));
    EXPECT_NE(answerAdmin(endpoint.method, endpoint.path, view).status, 404) << endpoint.path;
    EXPECT_NE(answerAdmin(endpoint.method, endpoint.path, view).status, 405) << endpoint.path;
  }
}

TEST(AdminTargets, AreRead) {
  const AdminTarget target = AdminTarget::parse("/a%2Fb?x&y=1%262&y=3&&z=a+b%zz%4#f");
  EXPECT_EQ(target.path, "/a/b");
  EXPECT_EQ(target.find("x"), "");
  EXPECT_EQ(target.find("y"), "1&2");
  EXPECT_EQ(target.find("z"), "a+b%zz%4");
  EXPECT_FALSE(target.has("w"));
  EXPECT_EQ(target.parameters.size(), 4U);
  EXPECT_EQ(AdminTarget::parse("").path, "");
}

RC_GTEST_PROP(AdminProperty, AnyBytesAreAnswered,
              (const std::string& method, const std::string& target)) {
  const FakeView view;
  for (const std::string& path : {target, "/" + target, "/stats?filter=" + target}) {
    const AdminAnswer answer = answerAdmin(method, path, view);
    RC_ASSERT(answer.status >= 200 && answer.status < 600);
    const AdminAnswer got = answerAdmin("GET", path, view);
    RC_ASSERT(std::holds_alternative<std::monostate>(got.action));
  }
}

}  // namespace
}  // namespace hitless::proxy
