#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/drain/gate.h"
#include "testing/fake_clock.h"

/// The gate of node n1 in a cluster of three, with pod web-1 behind Service web.
namespace hitless::testing::gate {

inline kube::ObjectPtr parse(const std::string& text) {
  return std::make_shared<const kube::json::object>(kube::parseJson(text).value().as_object());
}
inline watch::Update full(std::vector<std::string> objects, std::uint64_t revision = 1) {
  watch::Update update{watch::Update::Kind::kFull, {}, revision};
  for (const std::string& object : objects) {
    update.changes.push_back({watch::ChangeType::kUpsert, parse(object)});
  }
  return update;
}
inline watch::Update upsert(const std::string& object, std::uint64_t revision = 1) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, parse(object)}}, revision};
}
inline watch::Update erase(const std::string& object, std::uint64_t revision) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kDelete, parse(object)}}, revision};
}

inline std::string pod(std::string_view extra = "", std::string_view name = "web-1",
                       bool ready = true) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"default","name":"{0}","uid":"u-{0}","labels":{{"app":"web"}},
      "annotations":{{"hitless.io/gate":"g-{0}"}}{1}}},
      "status":{{"podIP":"10.1.0.5","conditions":[{{"type":"Ready","status":"{2}"}}]}}}})",
      name, extra, ready ? "True" : "False");
}
inline std::string deletedPod(int grace = 30, std::string_view name = "web-1") {
  return pod(
      fmt::format(R"(,"deletionTimestamp":"2026-11-21T00:00:30Z","deletionGracePeriodSeconds":{})",
                  grace),
      name);
}
inline const std::string kService =
    R"({"metadata":{"namespace":"default","name":"web"},"spec":{"selector":{"app":"web"}}})";

/// One endpoint is "name:flags" with flags out of R(eady), T(erminating).
inline std::string slice(int revision, std::vector<std::string> endpoints,
                         std::string_view name = "web-abc",
                         std::string_view manager = "endpointslice-controller.k8s.io",
                         std::string_view node = "n1") {
  std::string list;
  for (const std::string& endpoint : endpoints) {
    const auto colon = endpoint.find(':');
    const std::string flags = endpoint.substr(colon + 1);
    list +=
        fmt::format(R"({}{{"addresses":["10.1.0.5"],"nodeName":"{}","targetRef":{{"uid":"u-{}"}},
        "conditions":{{"ready":{},"serving":true,"terminating":{}}}}})",
                    list.empty() ? "" : ",", node, endpoint.substr(0, colon),
                    flags.find('R') != std::string::npos, flags.find('T') != std::string::npos);
  }
  return fmt::format(R"({{"metadata":{{"namespace":"default","name":"{}","resourceVersion":"{}",
      "labels":{{"kubernetes.io/service-name":"web","endpointslice.kubernetes.io/managed-by":"{}"}}}},
      "addressType":"IPv4","endpoints":[{}]}})",
                     name, revision, manager, list);
}
inline std::string node(std::string_view name, bool ready = true) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}"}},"status":{{"addresses":[{{"type":"InternalIP","address":"10.0.0.{}"}}],
      "conditions":[{{"type":"Ready","status":"{}"}}]}}}})",
      name, name.back(), ready ? "True" : "False");
}

struct GateTest : ::testing::Test {
  FakeClock clock;
  drain::Gate gate{"n1", drain::GateOptions{}, clock};
  std::vector<drain::Gate::Answer> answers;
  std::vector<drain::Gate::Notice> notices;
  std::vector<drain::Ask> asks;
  std::optional<MonoTime> next;
  std::optional<std::size_t> untaken = 0;  ///< What the application has not accepted.
  std::optional<drain::OpenConnections> open = drain::OpenConnections{};

  void SetUp() override {
    gate.applyPods(full({pod()}));
    gate.applyServices(full({kService}));
    gate.applySlices(full({slice(10, {"web-1:R"})}, 10));
    gate.applyNodes(full({node("n1"), node("n2"), node("n3")}));
    gate.setOwnWatermark(10);
  }
  void step() {
    answers.clear();
    notices.clear();
    asks.clear();
    const drain::Gate::Effects effects = take(gate.step());
    for (const kube::Pod& pod : effects.inspect) {
      gate.untaken(pod.meta.uid, untaken);
    }
    if (!effects.inspect.empty()) {
      count(take(gate.step()));
    } else {
      count(effects);
    }
  }
  void count(const drain::Gate::Effects& effects) {
    for (const kube::Pod& pod : effects.count) {
      gate.connections(pod.meta.uid, open);
    }
    if (!effects.count.empty()) {
      take(gate.step());
    }
  }
  drain::Gate::Effects take(drain::Gate::Effects effects) {
    answers.insert(answers.end(), effects.answers.begin(), effects.answers.end());
    notices.insert(notices.end(), effects.notices.begin(), effects.notices.end());
    asks.insert(asks.end(), effects.asks.begin(), effects.asks.end());
    next = effects.next;
    return effects;
  }
  void removeAt(int revision) {
    gate.applyPods(upsert(deletedPod()));
    gate.applySlices(upsert(slice(revision, {"web-1:T"}), static_cast<std::uint64_t>(revision)));
  }
  drain::GateReason reason() const {
    return answers.empty() ? drain::GateReason{99} : answers.front().verdict.reason;
  }
};

}  // namespace hitless::testing::gate
