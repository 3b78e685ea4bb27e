#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "core/kube/table.h"
#include "core/kube/validation.h"

/// Defaults, validation and columns of Ingresses and IngressClasses.
namespace hitless::kube {
namespace {

using ::testing::ElementsAre;
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

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.text());
  }
  return out;
}

std::vector<std::string> errorsOf(std::string_view spec) {
  return texts(validateCreate(res::kIngresses, made(res::kIngresses, spec)));
}

std::vector<std::string> errorsOfPath(const std::string& path) {
  return errorsOf(R"({"rules":[{"http":{"paths":[)" + path + "]}}]}");
}

std::vector<std::string> errorsOfBackend(const std::string& backend) {
  return errorsOf(R"({"defaultBackend":)" + backend + "}");
}

constexpr std::string_view kBackend =
    R"("backend":{"service":{"name":"web","port":{"number":80}}}})";

TEST(IngressValidation, AcceptsWhatTheDocumentationShows) {
  EXPECT_THAT(errorsOf(R"({"ingressClassName":"nginx-example",
      "tls":[{"hosts":["https-example.foo.com","*.foo.com"],"secretName":"testsecret-tls"}],
      "defaultBackend":{"resource":{"apiGroup":"k8s.example.com","kind":"StorageBucket",
                                    "name":"static-assets"}},
      "rules":[{"host":"*.foo.com","http":{"paths":[
                 {"pathType":"Prefix","path":"/bar",
                  "backend":{"service":{"name":"service2","port":{"name":"http"}}}},
                 {"pathType":"ImplementationSpecific",
                  "backend":{"service":{"name":"service1","port":{"number":80}}}}]}},
               {"host":"bar.com"}]})"),
              IsEmpty());
}

TEST(IngressValidation, NeedsRulesOrADefault) {
  EXPECT_THAT(errorsOf("{}"),
              ElementsAre("spec: Invalid value: []networking.IngressRule(nil): either "
                          "`defaultBackend` or `rules` must be specified"));
  EXPECT_THAT(errorsOf(R"({"rules":[{"http":{}}]})"),
              ElementsAre("spec.rules[0].http.paths: Required value"));
}

TEST(IngressValidation, JudgesPathsInKubernetesWords) {
  const std::string at = "spec.rules[0].http.paths[0].";
  EXPECT_THAT(errorsOfPath(R"({"path":"/a",)" + std::string(kBackend)),
              ElementsAre(at + "pathType: Required value: pathType must be specified"));
  EXPECT_THAT(
      errorsOfPath(R"({"path":"/a","pathType":"Regex",)" + std::string(kBackend)),
      ElementsAre(at + "pathType: Unsupported value: \"Regex\": supported values: \"Exact\", "
                       "\"ImplementationSpecific\", \"Prefix\""));
  EXPECT_THAT(errorsOfPath(R"({"path":"a","pathType":"Exact",)" + std::string(kBackend)),
              ElementsAre(at + "path: Invalid value: \"a\": must be an absolute path"));
  EXPECT_THAT(errorsOfPath(R"({"path":"/a//b/..","pathType":"Prefix",)" + std::string(kBackend)),
              ElementsAre(at + "path: Invalid value: \"/a//b/..\": must not contain '//'",
                          at + "path: Invalid value: \"/a//b/..\": cannot end with '/..'"));
}

TEST(IngressValidation, JudgesBackendsInKubernetesWords) {
  const std::string at = "spec.defaultBackend";
  EXPECT_THAT(errorsOfBackend("{}"),
              ElementsAre(at + ": Invalid value: \"\": resource or service backend is required"));
  EXPECT_THAT(errorsOfBackend(R"({"service":{"name":"web"}})"),
              ElementsAre(at + ": Required value: port name or number is required"));
  EXPECT_THAT(errorsOfBackend(R"({"service":{"name":"web","port":{"number":80,"name":"http"}}})"),
              ElementsAre(at + ": Invalid value: \"\": cannot set both port name & port number"));
  EXPECT_THAT(errorsOfBackend(R"({"service":{"name":"web","port":{"number":70000}}})"),
              ElementsAre(at + ".service.port.number: Invalid value: 70000: must be between 1 and "
                               "65535, inclusive"));
  EXPECT_THAT(
      errorsOfBackend(R"({"service":{"name":"web","port":{"number":80}},
                          "resource":{"kind":"A","name":"b"}})"),
      ElementsAre(at + ": Invalid value: \"\": cannot set both resource and service backends"));
}

TEST(IngressValidation, JudgesHosts) {
  const auto host = [](const std::string& name) {
    return errorsOf(R"({"rules":[{"host":")" + name + R"("}]})");
  };
  EXPECT_THAT(host("10.0.0.1"),
              ElementsAre("spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, "
                          "not an IP address"));
  EXPECT_EQ(host("*.*.com").size(), 1U);
  EXPECT_EQ(host("Foo.com").size(), 1U);
  EXPECT_EQ(host("foo.com:80").size(), 1U);
  EXPECT_THAT(host("*.foo.com"), IsEmpty());
}

TEST(IngressValidation, OldAnnotationAndFieldDoNotGoTogetherInNewOnes) {
  json::object object = made(res::kIngresses, R"({"ingressClassName":"a",
      "defaultBackend":{"service":{"name":"web","port":{"number":80}}}})");
  ensureObject(object, {"metadata", "annotations"})["kubernetes.io/ingress.class"] = "b";
  EXPECT_THAT(texts(validateCreate(res::kIngresses, object)),
              ElementsAre("annotations.kubernetes.io/ingress.class: Invalid value: \"b\": can not "
                          "be set when the class field is also set"));
  object["metadata"].as_object()["resourceVersion"] = "1";
  EXPECT_THAT(texts(validateUpdate(res::kIngresses, object, object)), IsEmpty());
}

TEST(IngressClassRules, ScopeAndController) {
  const json::object good = made(
      res::kIngressClasses,
      R"({"controller":"example.com/ingress","parameters":{"kind":"IngressParameters","name":"p"}})");
  EXPECT_EQ(text(good, {"spec", "parameters", "scope"}), "Cluster");
  EXPECT_THAT(validateCreate(res::kIngressClasses, good), IsEmpty());
  const auto errors = [](std::string_view spec) {
    return texts(validateCreate(res::kIngressClasses, made(res::kIngressClasses, spec)));
  };
  EXPECT_THAT(errors("{}"), ElementsAre("spec.controller: Required value"));
  EXPECT_THAT(errors(R"({"controller":"nginx"})"),
              ElementsAre("spec.controller: Invalid value: \"nginx\": must be a domain-prefixed "
                          "path (such as \"acme.io/foo\")"));
  EXPECT_THAT(
      errors(R"({"controller":"a.io/b","parameters":{"kind":"A","name":"b","scope":"Namespace"}})"),
      ElementsAre("spec.parameters.namespace: Required value: `parameters.scope` is set to "
                  "'Namespace'"));
}

TEST(IngressClassRules, ControllerStays) {
  json::object before = made(res::kIngressClasses, R"({"controller":"a.io/b"})");
  before["metadata"].as_object()["resourceVersion"] = "1";
  json::object now = before;
  now["spec"].as_object()["controller"] = "a.io/c";
  EXPECT_THAT(texts(validateUpdate(res::kIngressClasses, now, before)),
              ElementsAre("spec.controller: Invalid value: \"a.io/c\": field is immutable"));
}

json::array cellsOf(const Resource& resource, json::object object) {
  object["metadata"].as_object()["creationTimestamp"] = "2026-11-21T20:00:00Z";
  const json::object table =
      tableOf(resource, {std::make_shared<json::object>(std::move(object))}, 1,
              *parseTime("2026-11-21T20:05:00Z"), true, IncludeObject::kNone);
  return table.at("rows").at(0).at("cells").as_array();
}

TEST(IngressTable, ShowsClassHostsAddressAndPorts) {
  json::object plain = made(res::kIngresses, "{}");
  EXPECT_EQ(cellsOf(res::kIngresses, plain), (json::array{"x", "<none>", "*", "", "80", "5m"}));
  json::object full = made(res::kIngresses, R"({"ingressClassName":"hitless","tls":[{}],
      "rules":[{"host":"a.io"},{"host":"b.io"},{"host":"c.io"},{"host":"d.io"}]})");
  full["status"] = parse(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"lb"}]}})");
  EXPECT_EQ(
      cellsOf(res::kIngresses, full),
      (json::array{"x", "hitless", "a.io,b.io,c.io + 1 more...", "192.0.2.1,lb", "80, 443", "5m"}));
}

TEST(IngressTable, ShowsTheControllerOfAClass) {
  EXPECT_EQ(cellsOf(res::kIngressClasses, made(res::kIngressClasses, R"({"controller":"a.io/b"})")),
            (json::array{"x", "a.io/b", "<none>", "5m"}));
  EXPECT_EQ(
      cellsOf(
          res::kIngressClasses,
          made(
              res::kIngressClasses,
              R"({"controller":"a.io/b","parameters":{"apiGroup":"a.io","kind":"P","name":"q"}})")),
      (json::array{"x", "a.io/b", "P.a.io/q", "5m"}));
}

}  // namespace
}  // namespace hitless::kube
