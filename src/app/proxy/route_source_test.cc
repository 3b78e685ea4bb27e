#include "app/proxy/route_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <map>

#include "core/proxy/routing/book_fixture.h"
#include "core/proxy/routing/routes.h"
#include "sys/clock/real_clock.h"
#include "testing/fake_rng.h"

namespace hitless::app {
namespace {

using proxy::routing::gateway;
using proxy::routing::kService;
using proxy::routing::parsed;
using proxy::routing::route;
using proxy::routing::slice;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// An API server without WatchList: lists from a table, watches that stay open, patches that are
/// written down.
class Server : public sys::KubeClient {
 public:
  explicit Server(boost::asio::io_context& io) : io_(io) {}

  std::map<std::string, std::vector<std::string>> objects;  ///< By path of the collection.
  std::set<std::string> missing;                            ///< Answered 404.
  std::set<std::string> silent;                             ///< Never answered.
  std::vector<Request> patches;
  int patchStatus = 200;

  void put(std::string_view manifest) {
    for (const auto& [resource, object] : parsed(manifest)) {
      objects[sys::pathOf(*resource, "")].push_back(kube::json::serialize(*object));
    }
  }
  void push(std::string_view manifest, std::string_view type = "MODIFIED") {
    for (const auto& [resource, object] : parsed(manifest)) {
      kube::json::object next = *object;
      next["metadata"].as_object().emplace("resourceVersion", std::to_string(++revision_));
      const std::string line =
          fmt::format(R"({{"type":"{}","object":{}}})", type, kube::json::serialize(next));
      for (const OnLine& deliver : lines_[sys::pathOf(*resource, "")]) {
        deliver(line);
      }
    }
  }

  void send(Request request, Done done) override {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.method == "PATCH") {
      patches.push_back(std::move(request));
      reply(std::move(done), patchStatus, "{}");
    } else if (!silent.contains(path)) {
      reply(std::move(done), missing.contains(path) ? 404 : 200,
            fmt::format(R"({{"metadata":{{"resourceVersion":"1"}},"items":[{}]}})",
                        fmt::join(objects[path], ",")));
    }
  }

  std::unique_ptr<Stream> stream(std::string target, nanoseconds, OnLine line, OnEnd end) override {
    const std::string path = target.substr(0, target.find('?'));
    const bool watchList = target.find("sendInitialEvents") != std::string::npos;
    if (watchList || missing.contains(path)) {
      const int status = missing.contains(path) ? 404 : 422;
      boost::asio::post(io_, [end, status] { end(sys::HttpResponse{status, "{}"}); });
    } else {
      lines_[path].push_back(std::move(line));
    }
    return std::make_unique<Stream>();
  }

 private:
  void reply(Done done, int status, std::string body) {
    boost::asio::post(io_, [done, status, body] { done(sys::HttpResponse{status, body}); });
  }

  boost::asio::io_context& io_;
  std::map<std::string, std::vector<OnLine>> lines_;
  int revision_ = 100;
};

class RouteSourceTest : public ::testing::Test {
 protected:
  void start() {
    RouteSource::Options options;
    options.addresses = {"192.0.2.1"};
    source_.emplace(RouteSource::Parts{io_, server_, clock_, rng_}, options,
                    [this](auto table) { tables_.push_back(std::move(table)); });
    source_->start();
    run();
  }
  ~RouteSourceTest() override {
    if (source_) {
      source_->stop();
    }
  }
  /// Until nothing but timers is left.
  void run() {
    while (io_.poll() > 0) {
    }
    io_.restart();
  }
  std::vector<std::string> patched() const {
    std::vector<std::string> targets;
    for (const auto& patch : server_.patches) {
      targets.push_back(patch.target);
    }
    return targets;
  }

  boost::asio::io_context io_;
  sys::RealClock clock_;
  hitless::testing::FakeRng rng_;
  Server server_{io_};
  std::vector<std::shared_ptr<const proxy::RouteTable>> tables_;
  std::optional<RouteSource> source_;
};

const std::string kRoutes =
    gateway("[{name: http, port: 80, protocol: HTTP}]", "name: g, resourceVersion: '1'") +
    std::string(kService) +
    route("rules: [{backendRefs: [{name: web, port: 80}]}]", "name: r, resourceVersion: '1'");

TEST_F(RouteSourceTest, GivesOneTableWhenEverythingIsListed) {
  server_.put(kRoutes);
  start();
  ASSERT_THAT(tables_, SizeIs(1));
  EXPECT_THAT(tables_.front()->listeners, SizeIs(1));
  EXPECT_THAT(tables_.front()->clusters, SizeIs(1));
  EXPECT_TRUE(source_->synced());
}

TEST_F(RouteSourceTest, GivesNothingBeforeAllIsListed) {
  server_.put(kRoutes);
  server_.silent = {"/apis/discovery.k8s.io/v1/endpointslices"};
  start();
  EXPECT_THAT(tables_, IsEmpty());
  EXPECT_FALSE(source_->synced());
  EXPECT_THAT(server_.patches, IsEmpty());
}

TEST_F(RouteSourceTest, ServesIngressesWhereGatewayApiIsNotInstalled) {
  for (const auto& kind : proxy::routing::routeKinds()) {
    if (kind.optional) {
      server_.missing.insert(sys::pathOf(*kind.resource, ""));
    }
  }
  EXPECT_THAT(server_.missing, SizeIs(5));
  server_.put(std::string(kService) + R"(
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: hitless}
spec: {controller: hitless.io/gateway}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, resourceVersion: '1'}
spec: {ingressClassName: hitless, defaultBackend: {service: {name: web, port: {number: 80}}}}
)");
  start();
  ASSERT_THAT(tables_, SizeIs(1));
  EXPECT_THAT(tables_.front()->listeners, SizeIs(1));
  ASSERT_THAT(server_.patches, SizeIs(1));
  EXPECT_EQ(kube::parseJson(server_.patches.front().body)->at("status"),
            kube::parseJson(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}})").value());
}

TEST_F(RouteSourceTest, FollowsEndpoints) {
  server_.put(kRoutes);
  start();
  server_.push(slice("[{addresses: [10.0.0.1]}]"), "ADDED");
  run();
  ASSERT_THAT(tables_, SizeIs(2));
  EXPECT_EQ(tables_[0]->listeners, tables_[1]->listeners);
  EXPECT_THAT(tables_[1]->clusters.begin()->second->upstreams, SizeIs(1));
  server_.push(slice("[{addresses: [10.0.0.1]}]"));
  run();
  EXPECT_THAT(tables_, SizeIs(2)) << "nothing is different";
}

TEST_F(RouteSourceTest, WritesEachStatusOnce) {
  server_.put(kRoutes);
  start();
  EXPECT_THAT(
      patched(),
      ::testing::UnorderedElementsAre(
          StartsWith("/apis/gateway.networking.k8s.io/v1/gatewayclasses/hitless/status?"),
          StartsWith("/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/g/status?"),
          StartsWith("/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/r/"
                     "status?")));
  const sys::KubeClient::Request* ofRoute = nullptr;
  for (const auto& patch : server_.patches) {
    EXPECT_EQ(patch.contentType, "application/merge-patch+json");
    ofRoute = patch.target.find("httproutes") != std::string::npos ? &patch : ofRoute;
  }
  ASSERT_NE(ofRoute, nullptr);
  const auto patch = kube::parseJson(ofRoute->body).value();
  EXPECT_EQ(patch.at("metadata").at("resourceVersion"), "1");
  // The API server says what became of it: there is nothing to add.
  auto [resource, object] = parsed(route("rules: [{backendRefs: [{name: web, port: 80}]}]",
                                         "name: r, resourceVersion: '2'"))
                                .front();
  kube::json::object live = *object;
  live["status"] = patch.at("status");
  server_.push(kube::json::serialize(live));
  run();
  EXPECT_THAT(server_.patches, SizeIs(3));
  EXPECT_THAT(tables_, SizeIs(1));
  // Somebody takes it away.
  live.erase("status");
  live["metadata"].as_object()["resourceVersion"] = "3";
  server_.push(kube::json::serialize(live));
  run();
  EXPECT_THAT(server_.patches, SizeIs(4));
}

TEST_F(RouteSourceTest, WaitsForTheNewStateAfterAConflict) {
  server_.patchStatus = 409;
  server_.put(kRoutes);
  start();
  const std::size_t first = server_.patches.size();
  server_.push(slice("[{addresses: [10.0.0.1]}]"), "ADDED");
  server_.push("apiVersion: v1\nkind: Namespace\nmetadata: {name: other, labels: {a: b}}", "ADDED");
  run();
  ASSERT_THAT(tables_, SizeIs(2));
  EXPECT_THAT(server_.patches, SizeIs(first));
  server_.push(
      route("rules: [{backendRefs: [{name: web, port: 80}]}]", "name: r, resourceVersion: '9'"));
  run();
  EXPECT_THAT(server_.patches, SizeIs(first + 1));
}

}  // namespace
}  // namespace hitless::app
