#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/daemon_set.h"
#include "core/kube/defaulting.h"
#include "core/kube/job.h"
#include "core/kube/patch.h"
#include "core/kube/validation.h"
#include "testing/golden.h"

/// Defaults and validation of Jobs, PodDisruptionBudgets and DaemonSets.
namespace hitless::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

json::object made(const Resource& resource, std::string_view spec, std::string_view patch) {
  json::value object = parse(R"({"metadata":{"name":"x","namespace":"d"}})");
  object.as_object()["spec"] = parse(spec);
  applyMergePatch(object, parse(patch));
  applyDefaults(resource, object.as_object());
  return object.as_object();
}

json::object job(std::string_view patch = "{}") {
  return made(res::kJobs, R"({"selector":{"matchLabels":{"a":"b"}},"template":{
      "metadata":{"labels":{"a":"b"}},
      "spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}})",
              patch);
}

json::object daemonSet(std::string_view patch = "{}") {
  return made(res::kDaemonSets, R"({"selector":{"matchLabels":{"a":"b"}},"template":{
      "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}})",
              patch);
}

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.text());
  }
  return out;
}

std::vector<std::string> jobErrors(std::string_view patch) {
  return texts(validateCreate(res::kJobs, job(patch)));
}

TEST(JobRules, FillTheDefaultsOfTheRecordedServer) {
  const auto recorded = testing::goldenObject("objects/defaults-job.json");
  if (!recorded) {
    GTEST_SKIP() << "no recorded data";
  }
  json::object sent = parse(R"({"spec":{"template":{"spec":{"restartPolicy":"Never",
      "containers":[{"name":"c","image":"x"}]}}}})");
  applyDefaults(res::kJobs, sent);
  json::object expected = recorded->at("spec").as_object();
  // The selector and its labels come from the uid; newer versions have more fields.
  expected.erase("selector");
  expected["template"].as_object()["metadata"] = json::object{};
  expected["completionMode"] = "NonIndexed";
  expected["suspend"] = false;
  EXPECT_EQ(sent.at("spec"), json::value(expected)) << json::serialize(sent);
}

TEST(JobRules, ParallelismWithoutCompletionsIsAWorkQueue) {
  const json::object queue = job(R"({"spec":{"parallelism":3}})");
  EXPECT_EQ(find(queue, {"spec", "completions"}), nullptr);
}

TEST(JobRules, SayWhatIsWrongInTheServersWords) {
  EXPECT_THAT(jobErrors("{}"), IsEmpty());
  EXPECT_THAT(jobErrors(R"({"spec":{"template":{"spec":{"restartPolicy":"Always"}}}})"),
              ElementsAre("spec.template.spec.restartPolicy: Unsupported value: \"Always\": "
                          "supported values: \"Never\", \"OnFailure\""));
  EXPECT_THAT(jobErrors(R"({"spec":{"completionMode":"Indexed","parallelism":1}})"),
              ElementsAre("spec.completions: Required value: when completion mode is Indexed"));
  EXPECT_THAT(
      jobErrors(R"({"spec":{"backoffLimit":-1}})"),
      ElementsAre("spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"));
}

TEST(JobRules, WhatItDoesCannotChange) {
  EXPECT_THAT(texts(validateUpdate(res::kJobs, job(R"({"spec":{"parallelism":9}})"), job())),
              ElementsAre("spec.completions: Invalid value: null: field is immutable"));
  const json::object before = job(R"({"spec":{"completions":2}})");
  EXPECT_THAT(texts(validateUpdate(res::kJobs, job(R"({"spec":{"completions":2,"suspend":true}})"),
                                   before)),
              IsEmpty());
  EXPECT_THAT(texts(validateUpdate(res::kJobs, job(R"({"spec":{"completions":3}})"), before)),
              ElementsAre("spec.completions: Invalid value: 3: field is immutable"));
}

TEST(DaemonSetRules, SurgeAndUnavailableExcludeEachOther) {
  const auto errors = [](std::string_view rolling) {
    return texts(
        validateCreate(res::kDaemonSets,
                       daemonSet(fmt::format(
                           R"({{"spec":{{"updateStrategy":{{"rollingUpdate":{}}}}}}})", rolling))));
  };
  EXPECT_THAT(errors("{}"), IsEmpty());
  EXPECT_THAT(errors(R"({"maxSurge":"10%","maxUnavailable":0})"), IsEmpty());
  EXPECT_EQ(errors(R"({"maxSurge":1,"maxUnavailable":1})").size(), 1U);
  EXPECT_EQ(errors(R"({"maxSurge":0,"maxUnavailable":0})").size(), 1U);
}

}  // namespace
}  // namespace hitless::kube
