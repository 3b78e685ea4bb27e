#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "core/kube/table.h"
#include "core/kube/validation.h"

/// Defaults, validation and columns of NetworkPolicies.
namespace hitless::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

json::object policy(std::string_view spec) {
  json::object object = parse(R"({"metadata":{"name":"x","namespace":"d"}})");
  object["spec"] = parse(spec);
  applyDefaults(res::kNetworkPolicies, object);
  return object;
}

json::object defaulted(std::string_view spec) {
  return policy(spec).at("spec").as_object();
}

std::vector<std::string> errorsOf(std::string_view spec) {
  std::vector<std::string> out;
  for (const FieldError& error : validateCreate(res::kNetworkPolicies, policy(spec))) {
    out.push_back(error.text());
  }
  return out;
}

std::vector<std::string> errorsOfPort(const std::string& port) {
  return errorsOf(R"({"ingress":[{"ports":[)" + port + "]}]}");
}

std::vector<std::string> errorsOfPeer(const std::string& peer) {
  return errorsOf(R"({"egress":[{"to":[)" + peer + "]}]}");
}

TEST(NetworkPolicyDefaults, TypesFollowFromTheRules) {
  EXPECT_EQ(defaulted("{}"), parse(R"({"podSelector":{},"policyTypes":["Ingress"]})"));
  EXPECT_EQ(defaulted(R"({"egress":[]})"),
            parse(R"({"podSelector":{},"policyTypes":["Ingress"]})"));
  EXPECT_EQ(defaulted(R"({"egress":[{}]})").at("policyTypes"),
            parseJson(R"(["Ingress","Egress"])"));
  EXPECT_EQ(defaulted(R"({"ingress":[{}],"policyTypes":["Egress"]})").at("policyTypes"),
            parseJson(R"(["Egress"])"));
}

TEST(NetworkPolicyDefaults, PortsAreTcpAndSelectorsThatSelectAllStay) {
  EXPECT_EQ(defaulted(R"({"ingress":[{"ports":[{"port":80},{"protocol":"UDP"}],
                                      "from":[{"podSelector":{}}]},{"from":[]}]})")
                .at("ingress"),
            parseJson(R"([{"ports":[{"port":80,"protocol":"TCP"},{"protocol":"UDP"}],
                           "from":[{"podSelector":{}}]},{}])"));
}

TEST(NetworkPolicyValidation, AcceptsWhatTheDocumentationShows) {
  EXPECT_THAT(errorsOf(R"({"podSelector":{"matchLabels":{"role":"db"}},
      "policyTypes":["Ingress","Egress"],
      "ingress":[{"from":[{"ipBlock":{"cidr":"172.17.0.0/16","except":["172.17.1.0/24"]}},
                          {"namespaceSelector":{},"podSelector":{}}],
                  "ports":[{"port":6379},{"port":"http","protocol":"SCTP"}]}],
      "egress":[{"to":[{"ipBlock":{"cidr":"2001:db8::/32","except":["2001:db8:1::/48"]}}],
                 "ports":[{"port":32000,"endPort":32768}]},{}]})"),
              IsEmpty());
}

TEST(NetworkPolicyValidation, JudgesPortsInKubernetesWords) {
  const std::string at = "spec.ingress[0].ports[0].";
  EXPECT_THAT(errorsOfPort(R"({"port":0})"),
              ElementsAre(at + "port: Invalid value: 0: must be between 1 and 65535, inclusive"));
  EXPECT_THAT(errorsOfPort(R"({"port":"Web"})"),
              ElementsAre(at + "port: Invalid value: \"Web\": must contain only alpha-numeric "
                               "characters (a-z, 0-9), and hyphens (-)"));
  EXPECT_EQ(errorsOfPort(R"({"port":""})").size(), 1U);
  EXPECT_THAT(errorsOfPort(R"({"port":80,"protocol":"ICMP"})"),
              ElementsAre(at + "protocol: Unsupported value: \"ICMP\": supported values: "
                               "\"SCTP\", \"TCP\", \"UDP\""));
  EXPECT_THAT(errorsOfPort(R"({"endPort":80})"),
              ElementsAre(at + "endPort: Invalid value: 80: may not be specified when `port` is "
                               "not specified"));
  EXPECT_THAT(errorsOfPort(R"({"port":"http","endPort":80})"),
              ElementsAre(at + "endPort: Invalid value: 80: may not be specified when `port` is "
                               "non-numeric"));
  EXPECT_THAT(errorsOfPort(R"({"port":90,"endPort":80})"),
              ElementsAre(at + "endPort: Invalid value: 80: must be greater than or equal to "
                               "`port`"));
  EXPECT_THAT(
      errorsOfPort(R"({"port":90,"endPort":65536})"),
      ElementsAre(at + "endPort: Invalid value: 65536: must be between 1 and 65535, inclusive"));
}

TEST(NetworkPolicyValidation, JudgesPeersInKubernetesWords) {
  const std::string at = "spec.egress[0].to[0]";
  EXPECT_THAT(errorsOfPeer("{}"), ElementsAre(at + ": Required value: must specify a peer"));
  EXPECT_THAT(errorsOfPeer(R"({"podSelector":{},"ipBlock":{"cidr":"10.0.0.0/8"}})"),
              ElementsAre(at + ": Forbidden: may not specify both ipBlock and another peer"));
  EXPECT_THAT(errorsOfPeer(R"({"ipBlock":{}})"), ElementsAre(at + ".ipBlock.cidr: Required value"));
  EXPECT_THAT(errorsOfPeer(R"({"ipBlock":{"cidr":"10.0.0.1"}})"),
              ElementsAre(at + ".ipBlock.cidr: Invalid value: \"10.0.0.1\": must be a valid CIDR "
                               "value, (e.g. 10.9.8.7/24 or 2001:db8::/64)"));
  EXPECT_THAT(
      errorsOfPeer(
          R"({"ipBlock":{"cidr":"10.0.0.0/8","except":["10.0.0.0/8","11.0.0.0/16","::/0"]}})"),
      ElementsAre(
          at + ".ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of "
               "`cidr`",
          at + ".ipBlock.except[1]: Invalid value: \"11.0.0.0/16\": must be a strict subset of "
               "`cidr`",
          at + ".ipBlock.except[2]: Invalid value: \"::/0\": must be a strict subset of `cidr`"));
  EXPECT_THAT(
      errorsOfPeer(R"({"namespaceSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]}})"),
      ElementsAre(at + ".namespaceSelector.matchExpressions[0].operator: Invalid value: \"Like\": "
                       "not a valid selector operator"));
}

TEST(NetworkPolicyValidation, KnowsTwoTypes) {
  EXPECT_THAT(errorsOf(R"({"policyTypes":["Ingres"]})"),
              ElementsAre("spec.policyTypes[0]: Unsupported value: \"Ingres\": supported values: "
                          "\"Egress\", \"Ingress\""));
  EXPECT_THAT(errorsOf(R"({"policyTypes":["Ingress","Egress","Ingress"]})"),
              ElementsAre("spec.policyTypes: Invalid value: []networking.PolicyType{\"Ingress\", "
                          "\"Egress\", \"Ingress\"}: may not specify more than two policyTypes"));
}

json::array cellsOf(std::string_view spec) {
  json::object object = policy(spec);
  object["metadata"].as_object()["creationTimestamp"] = "2026-11-21T20:00:00Z";
  const json::object table =
      tableOf(res::kNetworkPolicies, {std::make_shared<json::object>(std::move(object))}, 1,
              *parseTime("2026-11-21T20:05:00Z"), true, IncludeObject::kNone);
  return table.at("rows").at(0).at("cells").as_array();
}

TEST(NetworkPolicyTable, ShowsThePodSelector) {
  EXPECT_EQ(cellsOf("{}"), (json::array{"x", "<none>", "5m"}));
  EXPECT_EQ(cellsOf(R"({"podSelector":{"matchLabels":{"b":"2"},"matchExpressions":[
                {"key":"a","operator":"In","values":["y","x"]},{"key":"b","operator":"Exists"},
                {"key":"c","operator":"DoesNotExist"}]}})"),
            (json::array{"x", "a in (x,y),b=2,b,!c", "5m"}));
}

}  // namespace
}  // namespace hitless::kube
