#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/kube/yaml.h"
#include "core/watch/update.h"

/// Objects as watches bring them, for tests of NetworkPolicies.
namespace hitless::testing::netpol {

inline kube::ObjectPtr object(const std::string& yaml) {
  auto parsed = kube::parseYaml(yaml, "test");
  EXPECT_TRUE(parsed) << yaml;
  return std::make_shared<const kube::json::object>(parsed.value().at(0).value.as_object());
}

inline watch::Update full(std::vector<kube::ObjectPtr> objects = {}) {
  watch::Update update;
  update.kind = watch::Update::Kind::kFull;
  for (kube::ObjectPtr& one : objects) {
    update.changes.push_back({watch::ChangeType::kUpsert, std::move(one)});
  }
  return update;
}

inline watch::Update upsert(kube::ObjectPtr object) {
  return {watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, std::move(object)}}, 0};
}

inline watch::Update gone(kube::ObjectPtr object) {
  return {watch::Update::Kind::kIncremental, {{watch::ChangeType::kDelete, std::move(object)}}, 0};
}

/// `name` is "namespace/name";
struct PodText {
  std::string name;
  std::string ip;
  std::string labels = "{}";
  std::string node = "node-1";
  std::string phase = "Running";
  std::string uid = {};    ///< Empty: the name.
  std::string ports = {};  ///< "{name: http, containerPort: 80}"
  bool terminating = false;
  std::string created = {};
  bool hostNetwork = false;
};

inline kube::ObjectPtr pod(const PodText& text) {
  const std::size_t slash = text.name.find('/');
  return object(fmt::format(
      "{{metadata: {{namespace: {}, name: {}, uid: {}, labels: {}{}{}}}, spec: {{nodeName: {}, "
      "hostNetwork: {}, containers: [{{name: main, ports: [{}]}}]}}, status: {{phase: {}, podIPs: "
      "[{}]}}}}",
      text.name.substr(0, slash), text.name.substr(slash + 1),
      text.uid.empty() ? text.name : text.uid, text.labels,
      text.terminating ? ", deletionTimestamp: '2026-01-01T00:00:00Z'" : "",
      text.created.empty() ? "" : ", creationTimestamp: '" + text.created + "'", text.node,
      text.hostNetwork, text.ports, text.phase, text.ip.empty() ? "" : "{ip: '" + text.ip + "'}"));
}

/// A NetworkPolicy with this spec.
inline kube::ObjectPtr networkPolicy(const std::string& name, const std::string& spec) {
  const std::size_t slash = name.find('/');
  return object(fmt::format("{{metadata: {{namespace: {}, name: {}}}, spec: {}}}",
                            name.substr(0, slash), name.substr(slash + 1), spec));
}

inline kube::ObjectPtr nameSpace(const std::string& name, const std::string& labels = "{}") {
  return object(fmt::format("{{metadata: {{name: {}, labels: {}}}}}", name, labels));
}

inline kube::ObjectPtr node(const std::string& name, const std::string& podCidr) {
  return object(
      fmt::format("{{metadata: {{name: {}}}, spec: {{podCIDRs: ['{}']}}}}", name, podCidr));
}

}  // namespace hitless::testing::netpol
