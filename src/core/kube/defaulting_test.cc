#include "core/kube/defaulting.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/kube/validation.h"
#include "testing/golden.h"

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

/// Both without what the server assigns and what later versions of it added or left out.
json::object comparable(json::object object) {
  json::object& meta = object["metadata"].as_object();
  for (const auto key : {"uid", "generation", "creationTimestamp", "managedFields"}) {
    meta.erase(key);
  }
  if (json::value* spec = object.if_contains("spec")) {
    for (const auto key : {"internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy"}) {
      spec->as_object().erase(key);
    }
    if (json::value* pods = spec->as_object().if_contains("template")) {
      pods->as_object()["metadata"].as_object().erase("creationTimestamp");
    }
  }
  return object;
}

TEST(Defaulting, FillsADeploymentAsTheRecordedServerDid) {
  const auto recorded = testing::goldenObject("objects/defaults-deployment.json");
  if (!recorded) {
    GTEST_SKIP() << "no recorded data";
  }
  json::object sent = parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
      "metadata":{"name":"min","namespace":"default"},
      "spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
      "spec":{"containers":[{"name":"c","image":"x","ports":[{"containerPort":80}],
      "readinessProbe":{"httpGet":{"port":80}}}]}}}})");
  applyDefaults(res::kDeployments, sent);
  EXPECT_EQ(comparable(sent), comparable(*recorded)) << json::serialize(comparable(sent));
}

TEST(Defaulting, FillsAServiceAsTheRecordedServerDid) {
  const auto recorded = testing::goldenObject("objects/defaults-service.json");
  if (!recorded) {
    GTEST_SKIP() << "no recorded data";
  }
  json::object sent = parse(R"({"apiVersion":"v1","kind":"Service",
      "metadata":{"name":"min","namespace":"default"},
      "spec":{"selector":{"a":"b"},"ports":[{"port":80}]}})");
  applyDefaults(res::kServices, sent);
  EXPECT_EQ(text(sent, {"spec", "internalTrafficPolicy"}), "Cluster");
  EXPECT_EQ(comparable(sent), comparable(*recorded)) << json::serialize(comparable(sent));
}

TEST(Defaulting, ChangesNothingInRecordedObjects) {
  struct Case {
    const char* file;
    const Resource& resource;
  };
  for (const Case& item : {Case{"objects/list-deployments.json", res::kDeployments},
                           {"objects/list-replicasets.json", res::kReplicaSets},
                           {"objects/list-pods.json", res::kPods},
                           {"objects/list-services.json", res::kServices},
                           {"objects/list-endpoints.json", res::kEndpoints},
                           {"objects/list-nodes.json", res::kNodes}}) {
    const auto list = testing::goldenObject(item.file);
    if (!list) {
      GTEST_SKIP() << "no recorded data";
    }
    for (const json::value& value : list->at("items").as_array()) {
      json::object object = value.as_object();
      EXPECT_TRUE(unknownFields(item.resource, object).empty());
      EXPECT_TRUE(checkTypes(item.resource, object));
      applyDefaults(item.resource, object);
      json::object once = object;
      applyDefaults(item.resource, object);
      EXPECT_EQ(object, once) << "defaulting is idempotent";
      EXPECT_EQ(comparable(object)["spec"], comparable(value.as_object())["spec"]);
    }
  }
}

struct PodCase {
  const char* image;
  const char* policy;
};

TEST(Defaulting, ChoosesThePullPolicyByTag) {
  for (const PodCase& item :
       {PodCase{"web", "Always"},
        {"web:latest", "Always"},
        {"web:1", "IfNotPresent"},
        {"host:5000/web", "Always"},
        {"host:5000/web:2", "IfNotPresent"},
        {"web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "IfNotPresent"}}) {
    json::object pod{
        {"spec", {{"containers", json::array{{{"name", "c"}, {"image", item.image}}}}}}};
    applyDefaults(res::kPods, pod);
    EXPECT_EQ(pod["spec"].at("containers").at(0).at("imagePullPolicy"), item.policy) << item.image;
  }
}

TEST(Defaulting, GivesAPodWhatATemplateDoesNotGet) {
  json::object pod = parse(R"({"spec":{"hostNetwork":true,"serviceAccountName":"sa",
      "volumes":[{"name":"v"},{"name":"cm","configMap":{"name":"x"}}],
      "containers":[{"name":"c","image":"x:1","resources":{"limits":{"cpu":"1"}},
      "ports":[{"containerPort":80}]}]}})");
  applyDefaults(res::kPods, pod);
  const json::object& spec = pod["spec"].as_object();
  EXPECT_EQ(spec.at("enableServiceLinks"), true);
  EXPECT_EQ(spec.at("serviceAccount"), "sa");
  EXPECT_EQ(spec.at("volumes").at(0).at("emptyDir"), json::object{});
  EXPECT_EQ(spec.at("volumes").at(1).at("configMap").at("defaultMode"), 420);
  EXPECT_EQ(spec.at("containers").at(0).at("resources").at("requests").at("cpu"), "1");
  EXPECT_EQ(spec.at("containers").at(0).at("ports").at(0).at("hostPort"), 80);
  EXPECT_EQ(pod["status"].at("phase"), "Pending");
  EXPECT_EQ(pod["status"].at("qosClass"), "Burstable");
}

TEST(Defaulting, DropsWhatSaysNothing) {
  json::object pod = parse(R"({"metadata":{"creationTimestamp":null,"labels":{},"name":"p"},
      "spec":{"containers":[{"name":"c","command":[],"securityContext":{},
      "lifecycle":{"preStop":null}}],"volumes":[{"name":"v","emptyDir":{}}]}})");
  applyDefaults(res::kPods, pod);
  EXPECT_EQ(pod["metadata"], parse(R"({"name":"p"})"));
  const json::object& container = pod["spec"].at("containers").at(0).as_object();
  EXPECT_FALSE(container.contains("command"));
  EXPECT_TRUE(container.contains("securityContext"));
  EXPECT_EQ(container.at("lifecycle"), json::object{});
  EXPECT_EQ(pod["spec"].at("volumes").at(0).at("emptyDir"), json::object{});
}

TEST(Defaulting, MovesStringDataIntoData) {
  json::object secret = parse(R"({"stringData":{"a":"hello","b":""},"data":{"a":"eA=="}})");
  applyDefaults(res::kSecrets, secret);
  EXPECT_EQ(secret["data"], parse(R"({"a":"aGVsbG8=","b":""})"));
  EXPECT_FALSE(secret.contains("stringData"));
  EXPECT_EQ(secret["type"], "Opaque");
}

TEST(Defaulting, RecreateHasNoRollingUpdate) {
  json::object deployment = parse(R"({"spec":{"strategy":{"type":"Recreate"}}})");
  applyDefaults(res::kDeployments, deployment);
  EXPECT_EQ(deployment["spec"].at("strategy"), parse(R"({"type":"Recreate"})"));
}

TEST(Defaulting, AndValidationOfAPodTakeFarLessThanAMillisecond) {
  const auto list = testing::goldenObject("objects/list-pods.json");
  if (!list) {
    GTEST_SKIP() << "no recorded data";
  }
  const json::object pod = list->at("items").at(0).as_object();
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRounds = 200;
  std::size_t errors = 0;
  for (int i = 0; i < kRounds; ++i) {
    json::object copy = pod;
    errors += checkTypes(res::kPods, copy) ? 0 : 1;
    errors += unknownFields(res::kPods, copy).size();
    applyDefaults(res::kPods, copy);
    errors += validateCreate(res::kPods, copy).size();
  }
  const auto each = (std::chrono::steady_clock::now() - start) / kRounds;
  EXPECT_EQ(errors, 0u);
  RecordProperty("microseconds", static_cast<int>(each / std::chrono::microseconds(1)));
  EXPECT_LT(each, std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace hitless::kube
