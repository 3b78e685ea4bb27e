#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "core/kube/patch.h"
#include "core/kube/validation.h"
#include "testing/golden.h"

/// Defaults and validation of StatefulSets and ControllerRevisions.
namespace hitless::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

json::object statefulSet(std::string_view patch = "{}") {
  json::value object = parse(R"({"metadata":{"name":"db","namespace":"d"},
      "spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
      "spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  applyMergePatch(object, parse(patch));
  applyDefaults(res::kStatefulSets, object.as_object());
  return object.as_object();
}

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.text());
  }
  return out;
}

std::vector<std::string> errorsOf(std::string_view patch) {
  return texts(validateCreate(res::kStatefulSets, statefulSet(patch)));
}

std::vector<std::string> updateErrors(std::string_view patch) {
  return texts(validateUpdate(res::kStatefulSets, statefulSet(patch), statefulSet()));
}

TEST(StatefulSetRules, FillTheDefaultsOfTheRecordedServer) {
  const auto recorded = testing::goldenObject("objects/defaults-statefulset.json");
  if (!recorded) {
    GTEST_SKIP() << "no recorded data";
  }
  json::object sent = parse(R"({"spec":{"selector":{"matchLabels":{"a":"b"}},"serviceName":"s",
      "template":{"metadata":{"labels":{"a":"b"}},
      "spec":{"containers":[{"name":"c","image":"x"}]}}}})");
  applyDefaults(res::kStatefulSets, sent);
  json::object expected = recorded->at("spec").as_object();
  expected["template"].as_object()["metadata"].as_object().erase("creationTimestamp");
  EXPECT_EQ(sent.at("spec"), json::value(expected)) << json::serialize(sent);
}

TEST(StatefulSetRules, LeaveRecordedObjectsAsTheyAre) {
  for (const auto& [file, resource] :
       {std::pair{"objects/list-statefulsets.json", &res::kStatefulSets},
        {"objects/list-controllerrevisions.json", &res::kControllerRevisions}}) {
    const auto list = testing::goldenObject(file);
    if (!list) {
      GTEST_SKIP() << "no recorded data";
    }
    for (const json::value& item : list->at("items").as_array()) {
      json::object object = item.as_object();
      if (findObject(object, {"spec", "template", "metadata"}) != nullptr) {
        // Newer versions leave it out.
        ensureObject(object, {"spec", "template", "metadata"}).erase("creationTimestamp");
      }
      const json::object before = object;
      EXPECT_THAT(texts(validateCreate(*resource, object)), IsEmpty());
      applyDefaults(*resource, object);
      EXPECT_EQ(json::value(object), json::value(before));
    }
  }
}

TEST(StatefulSetRules, AcceptWhatIsRight) {
  EXPECT_THAT(errorsOf("{}"), IsEmpty());
  EXPECT_THAT(errorsOf(R"({"spec":{"updateStrategy":{"type":"OnDelete"},"serviceName":null}})"),
              IsEmpty());
  EXPECT_THAT(errorsOf(R"({"spec":{"volumeClaimTemplates":[{"metadata":{"name":"data"},
                           "spec":{"resources":{"requests":{"storage":"1Gi"}}}}],
                           "template":{"spec":{"containers":[{"name":"c","image":"i",
                           "volumeMounts":[{"name":"data","mountPath":"/data"}]}]}}}})"),
              IsEmpty());
}

TEST(StatefulSetRules, SayWhatIsWrongInTheServersWords) {
  EXPECT_THAT(errorsOf(R"({"spec":{"podManagementPolicy":"Sometimes"}})"),
              ElementsAre("spec.podManagementPolicy: Invalid value: \"Sometimes\": must be "
                          "'OrderedReady' or 'Parallel'"));
  EXPECT_THAT(errorsOf(R"({"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":0}}}})"),
              ElementsAre("spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "
                          "intstr.IntOrString{Type:0, IntVal:0, StrVal:\"\"}: cannot be 0"));
  EXPECT_THAT(errorsOf(R"({"spec":{"updateStrategy":{"rollingUpdate":{"partition":-1}}}})"),
              ElementsAre("spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be "
                          "greater than or equal to 0"));
  EXPECT_THAT(errorsOf(R"({"spec":{"template":{"spec":{"restartPolicy":"Never"}}}})"),
              ElementsAre("spec.template.spec.restartPolicy: Unsupported value: \"Never\": "
                          "supported values: \"Always\""));
  EXPECT_THAT(errorsOf(R"({"spec":{"updateStrategy":{"type":"Sometimes"}}})").size(), 1U);
  EXPECT_THAT(errorsOf(R"({"spec":{"volumeClaimTemplates":[{"metadata":{}}]}})").size(), 1U);
}

TEST(StatefulSetRules, MostOfTheSpecCannotChange) {
  EXPECT_THAT(updateErrors(R"({"spec":{"replicas":7,"minReadySeconds":1}})"), IsEmpty());
  EXPECT_THAT(
      updateErrors(R"({"spec":{"serviceName":"other"}})"),
      ElementsAre("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', "
                  "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
                  "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
}

TEST(StatefulSetRules, ARevisionsDataCannotChange) {
  const json::object before = parse(R"({"metadata":{"name":"r","namespace":"d"},
      "data":{"spec":{}},"revision":1})");
  json::object after = before;
  after["revision"] = 2;
  EXPECT_THAT(texts(validateUpdate(res::kControllerRevisions, after, before)), IsEmpty());
  after["data"] = json::object{{"spec", 1}};
  EXPECT_EQ(validateUpdate(res::kControllerRevisions, after, before).size(), 1U);
  after.erase("data");
  EXPECT_EQ(validateUpdate(res::kControllerRevisions, after, before).size(), 1U);
}

}  // namespace
}  // namespace hitless::kube
