#pragma once

#include <gtest/gtest.h>

#include "core/control/api.h"
#include "core/control/bootstrap.h"
#include "core/control/identity.h"
#include "core/control/memory_store.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"
#include "testing/result.h"

/// A whole API in memory for tests.
namespace hitless::control {

/// A request's body and what is said about it.
struct Sent {
  std::string body;
  std::string contentType = "application/json";
  std::string accept = "application/json";
};

class ApiFixture : public ::testing::Test {
 protected:
  struct Timeline : timeline::Sink {
    void record(const timeline::Event& event) override { events.push_back(event); }
    std::vector<timeline::Event> events;
  };

  explicit ApiFixture(bool gate = false, std::size_t history = 10000)
      : store(history), registry(store, clock, rng, timeline, options(gate)), api(registry, {}) {}

  void SetUp() override { ASSERT_OK(bootstrap(registry, {})); }

  static Registry::Options options(bool gate) {
    Registry::Options out;
    out.admission.gate = gate;
    return out;
  }

  ApiReply reply(std::string method, std::string_view target, Sent sent = {}) {
    ApiRequest request;
    request.method = std::move(method);
    setTarget(request, target);
    request.body = std::move(sent.body);
    request.contentType = std::move(sent.contentType);
    request.accept = std::move(sent.accept);
    request.userAgent = "test/1.0";
    return api.handle(request);
  }

  ApiResponse call(std::string method, std::string_view target, Sent sent = {}) {
    ApiReply answer = reply(std::move(method), target, std::move(sent));
    if (auto* response = std::get_if<ApiResponse>(&answer)) {
      return std::move(*response);
    }
    ADD_FAILURE() << target << " answers with a stream";
    return {};
  }

  static kube::json::object parse(const std::string& text) {
    auto value = kube::parseJson(text);
    EXPECT_TRUE(value && value->is_object()) << text;
    return value && value->is_object() ? value->get_object() : kube::json::object{};
  }

  /// The answered object; the status must be `status`.
  kube::json::object object(int status, std::string method, std::string_view target,
                            Sent sent = {}) {
    const ApiResponse response = call(std::move(method), target, std::move(sent));
    EXPECT_EQ(response.status, status) << target << ": " << response.body;
    return parse(response.body);
  }

  /// A running pod on node n.
  void runningPod(const std::string& name) {
    object(201, "POST", "/api/v1/namespaces/default/pods", {podJson(name)});
    object(201, "POST", "/api/v1/namespaces/default/pods/" + name + "/binding",
           {R"({"target":{"name":"n"}})"});
  }
  static std::string podJson(const std::string& name) {
    return R"({"metadata":{"name":")" + name +
           R"(","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";
  }
  static std::string deploymentJson(const std::string& name, int replicas = 2) {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{"replicas":)" +
           std::to_string(replicas) +
           R"(,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
              "spec":{"containers":[{"name":"c","image":"i"}]}}}})";
  }

  static constexpr const char* kPods = "/api/v1/namespaces/default/pods";
  static constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";
  static constexpr const char* kDeployments = "/apis/apps/v1/namespaces/default/deployments";
  static constexpr const char* kMerge = "application/merge-patch+json";
  static constexpr const char* kStrategic = "application/strategic-merge-patch+json";

  hitless::testing::FakeClock clock;
  hitless::testing::FakeRng rng;
  Timeline timeline;
  MemoryStore store;
  Registry registry;
  Api api;
};

}  // namespace hitless::control
