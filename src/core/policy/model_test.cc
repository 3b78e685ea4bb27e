#include "core/policy/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/kube/yaml.h"
#include "core/policy/evaluate.h"

namespace hitless::policy {
namespace {

namespace json = kube::json;

Policy policy(const std::string& spec) {
  const json::value value = kube::parseYaml(spec, "policy").value().at(0).value;
  return policyOf({{"metadata", {{"namespace", "x"}, {"name", "p"}}}, {"spec", value}});
}

const Rule& firstIngress(const Policy& policy) {
  return policy.ingress.value().at(0);
}

TEST(PolicyModel, OnlyLabelsThatDecideAreKept) {
  const Policy p = policy(R"(
      podSelector: {matchLabels: {app: web}}
      ingress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: Exists}]},
                         namespaceSelector: {matchLabels: {team: one}}}]}]
      egress: [{to: [{podSelector: {matchLabels: {db: main}}}, {ipBlock: {cidr: 10.0.0.0/8}}]}])");
  const LabelKeys keys = podLabelKeys({p});
  EXPECT_THAT(keys, ::testing::ElementsAre("app", "db", "tier"));
  EXPECT_EQ(project({{"app", "web"}, {"run", "17"}, {"tier", ""}, {"team", "one"}}, keys),
            (kube::Labels{{"app", "web"}, {"tier", ""}}));
}

TEST(PolicyModel, PeersThatSelectTheSameAreEqualAcrossPolicies) {
  const Policy a = policy(
      "{ingress: [{from: [{namespaceSelector: {matchLabels: {t: one}}, podSelector: {}}]}]}");
  const Policy b = policy(
      "{ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: t, operator: In, values: "
      "[one]}]}}]}]}");
  EXPECT_EQ(firstIngress(a), firstIngress(b));
  const Policy own = policy("{ingress: [{from: [{podSelector: {}}]}]}");
  EXPECT_EQ(std::get<PodSelector>(firstIngress(own).peers->at(0)), (PodSelector{"x", {}, {}}));
}

TEST(PolicyModel, ReadsBlocksWithoutHostBits) {
  const Policy p = policy(
      "{ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/16, except: [10.1.9.9/24, 10.1.0.0/30]}}]}]}");
  const auto& block = std::get<IpBlock>(firstIngress(p).peers->at(0));
  EXPECT_EQ(block.cidr.text(), "10.1.0.0/16");
  ASSERT_EQ(block.except.size(), 2U);
  EXPECT_EQ(block.except[0].text(), "10.1.0.0/30");
  EXPECT_EQ(block.except[1].text(), "10.1.9.0/24");
}

TEST(PolicyModel, ReadsPorts) {
  const Policy p = policy(
      "{ingress: [{ports: [{}, {protocol: UDP, port: 53}, {port: 1, endPort: 9}, {port: web}]}]}");
  EXPECT_EQ(firstIngress(p).ports, (std::vector<PortMatch>{{Protocol::kTcp, AllPorts{}},
                                                           {Protocol::kUdp, PortRange{53, 53}},
                                                           {Protocol::kTcp, PortRange{1, 9}},
                                                           {Protocol::kTcp, PortName{"web"}}}));
}

TEST(PolicyModel, WhatCannotBeUnderstoodAllowsNothing) {
  for (const char* peer : {"{}", "7", "null", "{ipBlock: {cidr: nonsense}}", "{ipBlock: {}}",
                           "{ipBlock: {cidr: 0.0.0.0/0, except: [010.0.0.0/8]}}",
                           "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 7]}}",
                           "{ipBlock: {cidr: 0.0.0.0/0}, podSelector: {}}"}) {
    const Policy p = policy(std::string("{ingress: [{from: [") + peer + "]}]}");
    EXPECT_EQ(firstIngress(p).peers, std::vector<Peer>{}) << peer;
  }
  for (const char* port :
       {"{protocol: ICMP}", "{port: 0}", "{port: 65536}", "{port: ''}", "{port: [80]}",
        "{port: 9, endPort: 8}", "{port: 9, endPort: 70000}", "seven"}) {
    const Policy p = policy(std::string("{ingress: [{ports: [") + port + "]}]}");
    EXPECT_EQ(firstIngress(p).ports, std::vector<PortMatch>{}) << port;
  }
  EXPECT_EQ(firstIngress(policy("{ingress: [7]}")).peers, std::vector<Peer>{});
}

TEST(PolicyModel, TypesFollowFromTheRulesWhereTheyAreNotGiven) {
  EXPECT_TRUE(policy("{}").ingress);
  EXPECT_FALSE(policy("{egress: []}").egress);
  EXPECT_TRUE(policy("{egress: [{}]}").egress);
  EXPECT_FALSE(policy("{policyTypes: [Egress], ingress: [{}]}").ingress);
  EXPECT_TRUE(policy("{policyTypes: [Egress]}").egress);
}

TEST(PolicyModel, PodsKeepWhatPoliciesAskFor) {
  const json::object object = kube::parseYaml(R"(
      metadata: {name: a, namespace: x, uid: u1, labels: {app: web}, deletionTimestamp: "2026-11-22T10:00:00Z"}
      spec:
        nodeName: n1
        initContainers:
        - {name: sidecar, restartPolicy: Always, ports: [{name: metrics, containerPort: 9100}]}
        - {name: once, ports: [{name: never, containerPort: 1}]}
        containers:
        - {name: c, ports: [{name: web, containerPort: 80}, {containerPort: 81}, {name: dns, containerPort: 53, protocol: UDP}]}
      status: {phase: Running, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]})",
                                              "pod")
                                  .value()
                                  .at(0)
                                  .value.as_object();
  const Pod pod = podFrom(kube::podOf(object));
  EXPECT_EQ(pod.text(), "x/a");
  EXPECT_EQ(pod.node, "n1");
  EXPECT_EQ(pod.ips.size(), 2U);
  EXPECT_EQ(pod.ports, (std::vector<NamedPort>{{"web", Protocol::kTcp, 80},
                                               {"dns", Protocol::kUdp, 53},
                                               {"metrics", Protocol::kTcp, 9100}}));
  EXPECT_EQ(pod.portNamed("dns", Protocol::kUdp), 53);
  EXPECT_EQ(pod.portNamed("dns", Protocol::kTcp), std::nullopt);
  EXPECT_TRUE(pod.terminating);
  EXPECT_TRUE(pod.selectable());
}

/// A policy that has one of everything.
const char* const kWhole = R"({"metadata":{"name":"p","namespace":"x"},"spec":{
  "podSelector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]},
  "policyTypes":["Ingress","Egress"],
  "ingress":[{"from":[{"podSelector":{},"namespaceSelector":{"matchLabels":{"t":"1"}}},
                      {"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],
              "ports":[{"protocol":"TCP","port":80,"endPort":90},{"port":"web"}]}],
  "egress":[{"to":[{"namespaceSelector":{}}],"ports":[{"protocol":"UDP"}]},{}]}})";

json::value oddValue() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<std::int64_t>();
    case 2:
      return json::string(*rc::gen::arbitrary<std::string>());
    case 3:
      return json::array{};
    case 4:
      return json::object{};
    case 5:
      return json::array{7, "x", nullptr, json::object{{"key", 1}}};
    case 6:
      return *rc::gen::arbitrary<double>();
    default:
      return true;
  }
}

/// Replaces some of the values anywhere in it.
void mutate(json::value& value) {
  if (*rc::gen::inRange(0, 12) == 0) {
    value = oddValue();
  } else if (json::object* object = value.if_object()) {
    for (auto& entry : *object) {
      mutate(entry.value());
    }
  } else if (json::array* array = value.if_array()) {
    for (json::value& item : *array) {
      mutate(item);
    }
  }
}

RC_GTEST_PROP(PolicyModelProperty, AnyObjectIsRead, ()) {
  json::value value = kube::parseJson(kWhole).value();
  mutate(value);
  RC_PRE(value.is_object());
  const Policy read = policyOf(value.get_object());
  RC_ASSERT(read == policyOf(value.get_object()));
  Pod pod;
  pod.ns = read.ns;
  pod.ips = {IpAddress::v4(0x0a000001)};
  State state;
  state.pods = {pod};
  state.policies = {read};
  const Evaluator evaluator(std::move(state));
  const Pod& only = evaluator.state().pods.front();
  const Connection connection{
      {nullptr, IpAddress::v4(0x0a010001)}, {&only, only.ips.front()}, Protocol::kTcp, 80};
  RC_ASSERT(evaluator.judge(Direction::kIngress, connection).allowed() ==
            evaluator.evaluate(connection).allowed());
}

/// Nonsense in a list must not turn it into no list, which would stand for anything.
RC_GTEST_PROP(PolicyModelProperty, ABrokenEntryOfARuleNeverLetsMoreIn, ()) {
  json::value value = kube::parseJson(kWhole).value();
  json::object& rule = value.as_object()["spec"].as_object()["ingress"].as_array()[0].as_object();
  const char* list = *rc::gen::element("from", "ports");
  for (json::value& entry : rule[list].as_array()) {
    for (auto& field : entry.as_object()) {
      if (*rc::gen::arbitrary<bool>()) {
        field.value() = json::array{7, nullptr};
      }
    }
  }
  const Policy read = policyOf(value.as_object());
  RC_ASSERT(read.ingress->at(0).peers.has_value());
  RC_ASSERT(read.ingress->at(0).ports.has_value());
}

}  // namespace
}  // namespace hitless::policy
