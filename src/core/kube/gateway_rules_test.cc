#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "core/kube/gateway_checks.h"
#include "core/kube/table.h"
#include "core/kube/validation.h"

/// Defaults, validation and columns of Gateway API's kinds.
namespace hitless::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

json::object made(const Resource& resource, std::string_view spec) {
  json::object object = parse(R"({"metadata":{"name":"x"}})");
  if (resource.namespaced) {
    object["metadata"].as_object()["namespace"] = "d";
  }
  object["spec"] = parse(spec);
  applyDefaults(resource, object);
  return object;
}

json::value specOf(const Resource& resource, std::string_view spec) {
  return made(resource, spec).at("spec");
}

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.text());
  }
  return out;
}

std::vector<std::string> errorsOf(const Resource& resource, std::string_view spec) {
  return texts(validateCreate(resource, made(resource, spec)));
}

std::vector<std::string> errorsOfRule(const std::string& rule) {
  return errorsOf(res::kHttpRoutes, R"({"rules":[)" + rule + "]}");
}

std::vector<std::string> errorsOfListeners(const std::string& listeners) {
  return errorsOf(res::kGateways, R"({"gatewayClassName":"c","listeners":[)" + listeners + "]}");
}

TEST(GatewayDefaults, ListenersTakeRoutesOfTheirNamespace) {
  EXPECT_EQ(specOf(res::kGateways, R"({"gatewayClassName":"c","listeners":[
                {"name":"a","port":80,"protocol":"HTTP"},
                {"name":"b","port":443,"protocol":"HTTPS","tls":{"certificateRefs":[{"name":"s"}]},
                 "allowedRoutes":{"kinds":[{"kind":"HTTPRoute"}]}}],
                "addresses":[{"value":"192.0.2.1"}]})"),
            parseJson(R"({"gatewayClassName":"c","listeners":[
                {"name":"a","port":80,"protocol":"HTTP",
                 "allowedRoutes":{"namespaces":{"from":"Same"}}},
                {"name":"b","port":443,"protocol":"HTTPS",
                 "tls":{"mode":"Terminate",
                        "certificateRefs":[{"name":"s","group":"","kind":"Secret"}]},
                 "allowedRoutes":{"kinds":[{"kind":"HTTPRoute",
                                            "group":"gateway.networking.k8s.io"}],
                                  "namespaces":{"from":"Same"}}}],
                "addresses":[{"value":"192.0.2.1","type":"IPAddress"}]})")
                .value());
}

TEST(RouteDefaults, AnHttpRouteMatchesEveryPath) {
  const json::value all = parseJson(R"([{"path":{"type":"PathPrefix","value":"/"}}])").value();
  EXPECT_EQ(specOf(res::kHttpRoutes, "{}").at("rules").at(0).at("matches"), all);
  EXPECT_EQ(
      specOf(res::kHttpRoutes, R"({"rules":[{"backendRefs":[]}]})").at("rules").at(0).at("matches"),
      all);
  EXPECT_FALSE(specOf(res::kGrpcRoutes, "{}").as_object().contains("rules"));
}

TEST(RouteDefaults, ReferencesMatchesAndFilters) {
  EXPECT_EQ(specOf(res::kHttpRoutes, R"({"parentRefs":[{"name":"g"}],"rules":[{
                "matches":[{"headers":[{"name":"a","value":"b"}],"method":"GET"}],
                "filters":[{"type":"RequestRedirect","requestRedirect":{}}],
                "backendRefs":[{"name":"s","port":80},{"name":"t","port":80,"weight":0}]}]})"),
            parseJson(R"({"parentRefs":[{"name":"g","group":"gateway.networking.k8s.io",
                                         "kind":"Gateway"}],"rules":[{
                "matches":[{"headers":[{"name":"a","value":"b","type":"Exact"}],"method":"GET",
                            "path":{"type":"PathPrefix","value":"/"}}],
                "filters":[{"type":"RequestRedirect","requestRedirect":{"statusCode":302}}],
                "backendRefs":[
                  {"name":"s","port":80,"group":"","kind":"Service","weight":1},
                  {"name":"t","port":80,"weight":0,"group":"","kind":"Service"}]}]})")
                .value());
  EXPECT_EQ(specOf(res::kGrpcRoutes, R"({"rules":[{"matches":[{"method":{"service":"a.B"}}]}]})"),
            parseJson(R"({"rules":[{"matches":[{"method":{"service":"a.B","type":"Exact"}}]}]})")
                .value());
}

TEST(GatewayValidation, AcceptsWhatTheDocumentationShows) {
  EXPECT_THAT(errorsOfListeners(R"({"name":"http","port":80,"protocol":"HTTP","hostname":"*.a.io"},
      {"name":"https","port":443,"protocol":"HTTPS","hostname":"*.a.io",
       "tls":{"certificateRefs":[{"name":"s","namespace":"certs"}]},
       "allowedRoutes":{"namespaces":{"from":"Selector","selector":{"matchLabels":{"a":"b"}}}}},
      {"name":"tls","port":8443,"protocol":"TLS","tls":{"mode":"Passthrough"}},
      {"name":"tcp","port":5432,"protocol":"TCP"})"),
              IsEmpty());
}

TEST(GatewayValidation, JudgesListeners) {
  EXPECT_THAT(
      errorsOf(res::kGateways, R"({"listeners":[]})"),
      ElementsAre("spec.gatewayClassName: Required value", "spec.listeners: Required value"));
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":70000,"protocol":"HTTP"})"),
              ElementsAre("spec.listeners[0].port: Invalid value: 70000: spec.listeners[0].port in "
                          "body should be less than or equal to 65535"));
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":80,"protocol":"HTTP","tls":{
                                      "certificateRefs":[{"name":"s"}]}})"),
              ElementsAre("spec.listeners: Invalid value: \"array\": tls must not be specified for "
                          "protocols ['HTTP', 'TCP', 'UDP']"));
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":443,"protocol":"HTTPS","tls":{}})"),
              ElementsAre("spec.listeners[0].tls: Invalid value: \"object\": certificateRefs or "
                          "options must be specified when mode is Terminate"));
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":80,"protocol":"HTTP"},
                                   {"name":"b","port":80,"protocol":"HTTP"})"),
              ElementsAre("spec.listeners: Invalid value: \"array\": Combination of port, protocol "
                          "and hostname must be unique for each listener"));
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":80,"protocol":"HTTP","hostname":"a_b.io"})"),
              ElementsAre(HasSubstr("spec.listeners[0].hostname in body should match")));
  EXPECT_EQ(errorsOfListeners(R"({"name":"a","port":80,"protocol":"HTTP"},
                                 {"name":"a","port":81,"protocol":"HTTP"})")
                .size(),
            2U);
  EXPECT_THAT(errorsOfListeners(R"({"name":"a","port":80,"protocol":"HTTP",
                                    "allowedRoutes":{"namespaces":{"from":"Any"}}})"),
              ElementsAre(HasSubstr("Unsupported value: \"Any\"")));
}

TEST(RouteValidation, AcceptsWhatTheDocumentationShows) {
  EXPECT_THAT(
      errorsOf(res::kHttpRoutes, R"({"parentRefs":[{"name":"g","sectionName":"https"}],
      "hostnames":["a.io","*.b.io"],"rules":[
        {"matches":[{"path":{"type":"Exact","value":"/a"},"queryParams":[{"name":"q","value":"1"}]}],
         "filters":[{"type":"RequestHeaderModifier","requestHeaderModifier":{
                       "set":[{"name":"X-A","value":"b"}],"remove":["x-c"]}},
                    {"type":"URLRewrite","urlRewrite":{"hostname":"c.io",
                       "path":{"type":"ReplaceFullPath","replaceFullPath":"/d"}}}],
         "backendRefs":[{"name":"s","port":80,"weight":9},{"name":"t","port":80}],
         "timeouts":{"request":"10s","backendRequest":"1m500ms"}},
        {"filters":[{"type":"RequestRedirect","requestRedirect":{"scheme":"https","statusCode":301,
           "path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/n"}}}]}]})"),
      ElementsAre("spec.rules[0].timeouts: Invalid value: \"object\": backendRequest timeout "
                  "cannot be longer than request timeout"));
  EXPECT_THAT(errorsOf(res::kGrpcRoutes, R"({"rules":[{"matches":[{"method":{"service":"a.B"}}],
                                              "backendRefs":[{"name":"s","port":9090}]}]})"),
              IsEmpty());
}

TEST(RouteValidation, JudgesRules) {
  const std::string object = ": Invalid value: \"object\": ";
  EXPECT_THAT(errorsOfRule(R"({"matches":[{"path":{"value":"a"}}]})"),
              ElementsAre("spec.rules[0].matches[0].path" + object +
                          "value must be an absolute path and start with '/' when type one of "
                          "['Exact', 'PathPrefix']"));
  EXPECT_THAT(errorsOfRule(R"({"matches":[{"path":{"type":"RegularExpression","value":"a+"}}]})"),
              IsEmpty());
  EXPECT_THAT(errorsOfRule(R"({"matches":[{"method":"BREW"}]})"),
              ElementsAre(HasSubstr("matches[0].method: Unsupported value: \"BREW\"")));
  EXPECT_THAT(errorsOfRule(R"({"backendRefs":[{"name":"s"}]})"),
              ElementsAre("spec.rules[0].backendRefs[0]" + object +
                          "Must have port for Service reference"));
  EXPECT_THAT(errorsOfRule(R"({"backendRefs":[{"name":"s","port":80,"weight":1000001}]})"),
              ElementsAre(HasSubstr("weight in body should be less than or equal to 1000000")));
  EXPECT_THAT(errorsOfRule(R"({"timeouts":{"request":"10"}})"),
              ElementsAre(HasSubstr("spec.rules[0].timeouts.request in body should match")));
}

TEST(RouteValidation, JudgesFilters) {
  const std::string at = "spec.rules[0].filters";
  EXPECT_THAT(
      errorsOfRule(R"({"filters":[{"type":"URLRewrite"}]})"),
      ElementsAre(at + "[0]: Invalid value: \"object\": filter.urlRewrite must be specified "
                       "for URLRewrite filter.type"));
  EXPECT_THAT(errorsOfRule(R"({"filters":[{"type":"RequestRedirect","requestRedirect":{},
                                           "urlRewrite":{}}]})"),
              ElementsAre(at + "[0]: Invalid value: \"object\": filter.urlRewrite must be nil if "
                               "the filter.type is not URLRewrite"));
  EXPECT_THAT(errorsOfRule(R"({"filters":[{"type":"URLRewrite","urlRewrite":{}},
                                          {"type":"URLRewrite","urlRewrite":{}}]})"),
              ElementsAre(at + ": Invalid value: \"array\": URLRewrite filter cannot be repeated"));
  EXPECT_THAT(errorsOfRule(R"({"filters":[{"type":"RequestRedirect","requestRedirect":{}}],
                               "backendRefs":[{"name":"s","port":80}]})"),
              ElementsAre("spec.rules[0]: Invalid value: \"object\": RequestRedirect filter must "
                          "not be used together with backendRefs"));
  EXPECT_THAT(
      errorsOfRule(R"({"matches":[{"path":{"type":"Exact","value":"/a"}}],
          "filters":[{"type":"URLRewrite","urlRewrite":{
             "path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/n"}}}]})"),
      ElementsAre("spec.rules[0]: Invalid value: \"object\": When using URLRewrite filter with "
                  "path.replacePrefixMatch, exactly one PathPrefix match must be specified"));
  EXPECT_THAT(errorsOfRule(R"({"filters":[{"type":"RequestRedirect",
                                           "requestRedirect":{"statusCode":308}}]})"),
              ElementsAre(at + "[0].requestRedirect.statusCode: Unsupported value: \"308\": "
                               "supported values: \"301\", \"302\""));
}

TEST(RouteValidation, JudgesParentsAndGrpcMethods) {
  EXPECT_THAT(
      errorsOf(res::kHttpRoutes, R"({"parentRefs":[{"name":"g"},{"name":"g","sectionName":"a"}]})"),
      ElementsAre("spec.parentRefs: Invalid value: \"array\": sectionName must be specified "
                  "when parentRefs includes 2 or more references to the same parent"));
  EXPECT_THAT(errorsOf(res::kGrpcRoutes, R"({"rules":[{"matches":[{"method":{}}]}]})"),
              ElementsAre("spec.rules[0].matches[0].method: Invalid value: \"object\": One or both "
                          "of 'service' or 'method' must be specified"));
}

TEST(GatewayClassValidation, ControllerIsADomainPathAndStays) {
  EXPECT_THAT(errorsOf(res::kGatewayClasses, R"({"controllerName":"hitless"})"),
              ElementsAre(HasSubstr("spec.controllerName in body should match")));
  json::object before = made(res::kGatewayClasses, R"({"controllerName":"a.io/b"})");
  before["metadata"].as_object()["resourceVersion"] = "1";
  json::object now = before;
  now["spec"].as_object()["controllerName"] = "a.io/c";
  EXPECT_THAT(texts(validateUpdate(res::kGatewayClasses, now, before)),
              ElementsAre("spec.controllerName: Invalid value: \"string\": Value is immutable"));
}

TEST(GatewayDuration, IsAsGep2257Has) {
  EXPECT_EQ(gatewayDuration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(gatewayDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(gatewayDuration("0s"), nanoseconds{0});
  for (const char* wrong : {"", "1", "1.5s", "-1s", "1us", "1s1s1s1s1s", "123456s", "s", "m1"}) {
    EXPECT_EQ(gatewayDuration(wrong), std::nullopt) << wrong;
  }
}

json::array cellsOf(const Resource& resource, json::object object) {
  object["metadata"].as_object()["creationTimestamp"] = "2026-11-21T20:00:00Z";
  const json::object table =
      tableOf(resource, {std::make_shared<json::object>(std::move(object))}, 1,
              *parseTime("2026-11-21T20:05:00Z"), true, IncludeObject::kNone);
  return table.at("rows").at(0).at("cells").as_array();
}

TEST(GatewayTable, ShowsWhatTheDefinitionsShow) {
  json::object gateway = made(res::kGateways, R"({"gatewayClassName":"c"})");
  EXPECT_EQ(cellsOf(res::kGateways, gateway), (json::array{"x", "c", nullptr, nullptr, "5m"}));
  gateway["status"] = parse(R"({"addresses":[{"value":"192.0.2.1"},{"value":"192.0.2.2"}],
      "conditions":[{"type":"Accepted","status":"True"},{"type":"Programmed","status":"False"}]})");
  EXPECT_EQ(cellsOf(res::kGateways, gateway),
            (json::array{"x", "c", "192.0.2.1 192.0.2.2", "False", "5m"}));
  EXPECT_EQ(cellsOf(res::kHttpRoutes, made(res::kHttpRoutes, R"({"hostnames":["a.io","b.io"]})")),
            (json::array{"x", R"(["a.io","b.io"])", "5m"}));
  EXPECT_EQ(cellsOf(res::kGrpcRoutes, made(res::kGrpcRoutes, "{}")),
            (json::array{"x", nullptr, "5m"}));
  json::object gatewayClass = made(res::kGatewayClasses, R"({"controllerName":"a.io/b"})");
  gatewayClass["status"] = parse(R"({"conditions":[{"type":"Accepted","status":"True"}]})");
  EXPECT_EQ(cellsOf(res::kGatewayClasses, gatewayClass),
            (json::array{"x", "a.io/b", "True", "5m", nullptr}));
}

}  // namespace
}  // namespace hitless::kube
