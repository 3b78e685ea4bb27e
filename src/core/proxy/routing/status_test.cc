#include "core/proxy/routing/status.h"

#include <gtest/gtest.h>

#include "core/proxy/routing/book_fixture.h"

namespace hitless::proxy::routing {
namespace {

namespace json = kube::json;

json::object parse(std::string_view text) {
  return kube::parseJson(text).value().as_object();
}

StatusContext context(std::string_view now = "2026-01-02T00:00:00Z") {
  return {"hitless.io/gateway", {"192.0.2.1", "lb.example.com"}, *parseTime(now)};
}

/// The object after the patch.
json::object patched(json::object live, const json::object& patch) {
  live["status"] = patch.at("status");
  return live;
}

ObjectStatus routeStatus(bool accepted) {
  return {3,
          {},
          {},
          {{{std::string(kGatewayGroup), "Gateway", "", "g", "http", 80},
            {{"Accepted", accepted, accepted ? "Accepted" : "NoMatchingParent", "why"}}}}};
}

TEST(StatusPatch, ARouteKeepsWhatOthersSay) {
  const json::object live =
      parse(R"({"metadata":{"name":"r","resourceVersion":"5"},"status":{"parents":[
      {"parentRef":{"name":"x"},"controllerName":"example.com/other","conditions":[]},
      {"parentRef":{"name":"gone"},"controllerName":"hitless.io/gateway","conditions":[]}]}})");
  const auto patch = statusPatch(kube::res::kHttpRoutes, live, routeStatus(true), context());
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(*patch, parse(R"({"metadata":{"resourceVersion":"5"},"status":{"parents":[
      {"parentRef":{"name":"x"},"controllerName":"example.com/other","conditions":[]},
      {"parentRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"g",
                    "sectionName":"http","port":80},
       "controllerName":"hitless.io/gateway","conditions":[
         {"type":"Accepted","status":"True","observedGeneration":3,
          "lastTransitionTime":"2026-01-02T00:00:00Z","reason":"Accepted","message":"why"}]}]}})"));
}

TEST(StatusPatch, NothingIsWrittenTwice) {
  const json::object live = parse(R"({"metadata":{"name":"r","resourceVersion":"5"}})");
  const auto first = statusPatch(kube::res::kHttpRoutes, live, routeStatus(true), context());
  const json::object now = patched(live, *first);
  EXPECT_EQ(
      statusPatch(kube::res::kHttpRoutes, now, routeStatus(true), context("2026-01-03T00:00:00Z")),
      std::nullopt);
  EXPECT_EQ(statusPatch(kube::res::kHttpRoutes, live, ObjectStatus{3, {}, {}, {}}, context()),
            std::nullopt)
      << "a route of others' Gateways";
}

TEST(StatusPatch, TheTimeIsThatOfTheLastTransition) {
  const json::object live = parse(R"({"metadata":{"name":"r","resourceVersion":"5"}})");
  const json::object now =
      patched(live, *statusPatch(kube::res::kHttpRoutes, live, routeStatus(true), context()));
  const auto timeOf = [](const json::object& patch) {
    return patch.at("status").at("parents").at(0).at("conditions").at(0).at("lastTransitionTime");
  };
  ObjectStatus newer = routeStatus(true);
  newer.generation = 4;
  const auto later = context("2026-01-03T00:00:00Z");
  EXPECT_EQ(timeOf(*statusPatch(kube::res::kHttpRoutes, now, newer, later)),
            "2026-01-02T00:00:00Z");
  EXPECT_EQ(timeOf(*statusPatch(kube::res::kHttpRoutes, now, routeStatus(false), later)),
            "2026-01-03T00:00:00Z");
}

TEST(StatusPatch, AGatewayHasAddressesConditionsAndListeners) {
  Book book(gateway());
  const auto live = book.book.live(kube::res::kGateways, {"default", "g"});
  const auto patch =
      statusPatch(kube::res::kGateways, *live, book.status(kube::res::kGateways, "g"), context());
  ASSERT_TRUE(patch.has_value());
  const json::object& status = patch->at("status").as_object();
  EXPECT_EQ(status.at("addresses"), kube::parseJson(R"([{"type":"IPAddress","value":"192.0.2.1"},
                                {"type":"Hostname","value":"lb.example.com"}])")
                                        .value());
  EXPECT_EQ(status.at("conditions").as_array().size(), 2U);
  const json::object& listener = status.at("listeners").at(0).as_object();
  EXPECT_EQ(listener.at("attachedRoutes"), 0);
  EXPECT_EQ(listener.at("supportedKinds").as_array().size(), 2U);
  EXPECT_EQ(listener.at("conditions").as_array().size(), 4U);
  EXPECT_EQ(statusPatch(kube::res::kGateways, patched(*live, *patch),
                        book.status(kube::res::kGateways, "g"), context()),
            std::nullopt);
}

TEST(StatusPatch, AnIngressHasAddressesOnly) {
  const json::object live =
      parse(R"({"metadata":{"resourceVersion":"5"},"status":{"loadBalancer":{}}})");
  const auto patch = statusPatch(kube::res::kIngresses, live, {}, context());
  EXPECT_EQ(patch->at("status"), kube::parseJson(R"({"loadBalancer":{"ingress":[
      {"ip":"192.0.2.1"},{"hostname":"lb.example.com"}]}})")
                                     .value());
  StatusContext nowhere = context();
  nowhere.addresses.clear();
  EXPECT_EQ(statusPatch(kube::res::kIngresses, live, {}, nowhere), std::nullopt);
}

}  // namespace
}  // namespace hitless::proxy::routing
