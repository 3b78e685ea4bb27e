#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/proxy/route_source.h"
#include "core/proxy/routing/book_fixture.h"
#include "sys/api/api_server.h"
#include "sys/clock/real_clock.h"
#include "sys/http/server.h"
#include "testing/temp_folder.h"

/// The routes of a real API server: watches, status patches and their validation.
namespace hitless::app {
namespace {

using proxy::routing::Book;
using proxy::routing::gateway;
using proxy::routing::kService;
using proxy::routing::route;
using proxy::routing::slice;

struct IgnoredTimeline : timeline::Sink {
  void record(const timeline::Event&) override {}
};

class RouteSourceApi : public ::testing::Test {
 protected:
  void SetUp() override {
    const int fd = *sys::listenTcp("127.0.0.1", 0);
    sys::ApiServerOptions options;
    options.listeningFds = {fd};
    options.dir = folder_.path();
    options.token = "secret";
    auto server = sys::ApiServer::start(io_, clock_, rng_, timeline_, options);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
    sys::KubeConfig config{"127.0.0.1", *sys::boundPort(fd), server_->caPem(), "secret", {}, {}};
    client_ = *sys::KubeClient::create(io_, clock_, config);
    RouteSource::Options route;
    route.addresses = {"192.0.2.1"};
    source_.emplace(RouteSource::Parts{io_, *client_, clock_, rng_}, route,
                    [this](auto table) { table_ = std::move(table); });
    source_->start();
  }
  void TearDown() override {
    if (source_) {
      source_->stop();
    }
    server_->stop();
  }

  void create(std::string_view manifest) {
    for (const auto& [resource, object] : proxy::routing::parsed(manifest)) {
      const auto made = server_->actions().execute(control::Create{resource, *object});
      EXPECT_TRUE(made) << made.error().text();
    }
  }
  template <class Done>
  bool until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.run_one_for(std::chrono::milliseconds(100));
    }
    return done();
  }
  /// Status of the condition in the API server's store; of a route its first parent's.
  std::string stored(const kube::Resource& resource, const std::string& ns, const std::string& name,
                     std::string_view type) const {
    const kube::ObjectPtr object = server_->store().get(resource, ns, name);
    if (!object) {
      return "gone";
    }
    const kube::json::array* list = kube::findArray(*object, {"status", "conditions"});
    const kube::json::array* parents = kube::findArray(*object, {"status", "parents"});
    if (parents != nullptr && !parents->empty()) {
      list = kube::findArray(parents->front().as_object(), {"conditions"});
    }
    for (const kube::Condition& condition : kube::conditionsOf(list)) {
      if (condition.type == type) {
        return condition.status + " " + condition.reason;
      }
    }
    return "";
  }

  hitless::testing::TempFolder folder_;
  boost::asio::io_context io_{1};
  sys::RealClock clock_;
  sys::RealRng rng_;
  IgnoredTimeline timeline_;
  std::unique_ptr<sys::ApiServer> server_;
  std::unique_ptr<sys::KubeClient> client_;
  std::optional<RouteSource> source_;
  std::shared_ptr<const proxy::RouteTable> table_;
};

TEST_F(RouteSourceApi, ATableFollowsAndStatusesAreTaken) {
  ASSERT_TRUE(until([&] { return table_ != nullptr; }));
  EXPECT_TRUE(table_->listeners.empty());
  create(gateway() + std::string(kService) +
         route("rules: [{backendRefs: [{name: web, port: 80}, {name: gone, port: 80}]}]") +
         slice("[{addresses: [10.0.0.1], conditions: {ready: true}}]"));
  ASSERT_TRUE(until([&] {
    return table_->listeners.size() == 1 && table_->clusters.size() == 1 &&
           table_->clusters.begin()->second->upstreams.size() == 1;
  }));
  const auto says = [&](const kube::Resource& resource, const std::string& ns,
                        const std::string& name, std::string_view type, std::string_view wanted) {
    return until([&] { return stored(resource, ns, name, type) == wanted; });
  };
  EXPECT_TRUE(says(kube::res::kGatewayClasses, "", "hitless", "Accepted", "True Accepted"));
  EXPECT_TRUE(says(kube::res::kGateways, "default", "g", "Programmed", "True Programmed"));
  EXPECT_TRUE(says(kube::res::kHttpRoutes, "default", "r", "Accepted", "True Accepted"));
  EXPECT_TRUE(
      says(kube::res::kHttpRoutes, "default", "r", "ResolvedRefs", "False BackendNotFound"));
  const kube::ObjectPtr live = server_->store().get(kube::res::kGateways, "default", "g");
  EXPECT_EQ(live->at("status").at("addresses").at(0).at("value"), "192.0.2.1");
  EXPECT_EQ(live->at("status").at("listeners").at(0).at("attachedRoutes"), 1);
  create("apiVersion: v1\nkind: Service\nmetadata: {name: gone}\nspec: {ports: [{port: 80}]}");
  EXPECT_TRUE(says(kube::res::kHttpRoutes, "default", "r", "ResolvedRefs", "True ResolvedRefs"));
  EXPECT_EQ(table_->clusters.size(), 2U);
}

}  // namespace
}  // namespace hitless::app
