#include "core/kube/apply.h"

#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "testing/golden.h"

namespace hitless::kube {
namespace {

const WallTime kThen = *parseTime("2026-11-21T20:00:00Z");
const WallTime kLater = *parseTime("2026-11-21T21:00:00Z");

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

/// fieldsV1 of one manager, or nothing.
json::object fieldsOf(const json::object& object, std::string_view manager,
                      std::string_view operation) {
  const json::array* entries = findArray(object, {"metadata", "managedFields"});
  for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    const json::object& entry = (*entries)[i].as_object();
    if (text(entry, {"manager"}) == manager && text(entry, {"operation"}) == operation) {
      return entry.at("fieldsV1").as_object();
    }
  }
  return {};
}

ApplyOutcome apply(const Resource& resource, const json::object* live, std::string_view config,
                   std::string_view manager, bool force = false, WallTime now = kThen) {
  auto outcome = serverSideApply(resource, live, parse(config), manager, force, now);
  EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().text());
  return outcome ? *outcome : ApplyOutcome{};
}

TEST(RecordUpdate, OwnsWhatTheRecordedServerSaysACreatorOwns) {
  for (const auto& [file, resource] :
       {std::pair{"objects/defaults-deployment.json", &res::kDeployments},
        {"objects/defaults-service.json", &res::kServices}}) {
    const auto recorded = testing::goldenObject(file);
    if (!recorded) {
      GTEST_SKIP() << "no recorded data";
    }
    json::object theirs = recorded->at("metadata").at("managedFields").at(0).as_object();
    json::object object = *recorded;
    object["metadata"].as_object().erase("managedFields");
    if (resource == &res::kDeployments) {
      // Recorded as null, which defaulting drops.
      ensureObject(object, {"spec", "template", "metadata"}).erase("creationTimestamp");
    }
    recordUpdate(*resource, nullptr, object, "curl", "", kThen);
    const json::object ours = object.at("metadata").at("managedFields").at(0).as_object();
    EXPECT_EQ(ours.at("operation"), theirs.at("operation"));
    EXPECT_EQ(ours.at("apiVersion"), theirs.at("apiVersion"));
    json::object expected = theirs.at("fieldsV1").as_object();
    if (resource == &res::kServices) {
      // Since recorded, a Service's selector has become atomic.
      expected["f:spec"].as_object()["f:selector"] = json::object{};
    }
    EXPECT_EQ(ours.at("fieldsV1"), expected) << json::serialize(ours.at("fieldsV1"));
  }
}

TEST(RecordUpdate, MovesOwnershipToTheLastWriter) {
  json::object first = parse(R"({"metadata":{"name":"c"},"data":{"a":"1","b":"2","c":"3"}})");
  recordUpdate(res::kConfigMaps, nullptr, first, "one", "", kThen);
  json::object second = first;
  second["data"] = parse(R"({"a":"1","b":"changed","d":"new"})");
  recordUpdate(res::kConfigMaps, &first, second, "two", "", kLater);
  EXPECT_EQ(fieldsOf(second, "one", "Update"), parse(R"({"f:data":{".":{},"f:a":{}}})"));
  EXPECT_EQ(fieldsOf(second, "two", "Update"), parse(R"({"f:data":{"f:b":{},"f:d":{}}})"));
}

TEST(RecordUpdate, WithoutAChangeChangesNothing) {
  json::object first = parse(R"({"metadata":{"name":"c"},"data":{"a":"1"}})");
  recordUpdate(res::kConfigMaps, nullptr, first, "one", "", kThen);
  json::object second = first;
  recordUpdate(res::kConfigMaps, &first, second, "one", "", kLater);
  recordUpdate(res::kConfigMaps, &first, second, "two", "", kLater);
  EXPECT_EQ(first, second);
}

TEST(RecordUpdate, KeepsStatusApart) {
  json::object pod = parse(R"({"metadata":{"name":"p"},"spec":{"nodeName":"n"},"status":{}})");
  recordUpdate(res::kPods, nullptr, pod, "creator", "", kThen);
  json::object next = pod;
  next["status"].as_object()["phase"] = "Running";
  next["spec"].as_object()["hostname"] = "sneaked-in";
  recordUpdate(res::kPods, &pod, next, "node", "status", kThen);
  EXPECT_EQ(fieldsOf(next, "node", "Update"), parse(R"({"f:status":{"f:phase":{}}})"));
  EXPECT_EQ(next.at("metadata").at("managedFields").at(1).at("subresource"), "status");
}

TEST(Apply, CreatesWithTheFieldsItNames) {
  const auto outcome = apply(res::kDeployments, nullptr,
                             R"({"apiVersion":"apps/v1","kind":"Deployment",
      "metadata":{"name":"web","labels":{"x":"y"},"creationTimestamp":null},
      "spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},
      "template":{"spec":{"containers":[{"name":"c","image":"x","resources":{},
      "ports":[{"containerPort":80}]}]}}},"status":{}})",
                             "kubectl");
  EXPECT_EQ(fieldsOf(outcome.object, "kubectl", "Apply"), parse(R"({
      "f:metadata":{"f:labels":{"f:x":{}}},
      "f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:spec":{"f:containers":{
        "k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},"f:resources":{},"f:ports":{
          "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}})"));
  EXPECT_FALSE(outcome.object.contains("status"));
}

TEST(Apply, RemovesWhatItNoLongerNamesUnlessAnotherOwnsIt) {
  const auto first = apply(res::kConfigMaps, nullptr,
                           R"({"metadata":{"name":"c"},"data":{"a":"1","b":"2","c":"3"}})", "one");
  const auto second = apply(res::kConfigMaps, &first.object,
                            R"({"metadata":{"name":"c"},"data":{"b":"2"}})", "two");
  EXPECT_TRUE(second.conflicts.empty()) << "the same value is shared";
  const auto third = apply(res::kConfigMaps, &second.object,
                           R"({"metadata":{"name":"c"},"data":{"a":"1"}})", "one");
  EXPECT_EQ(third.object.at("data"), parse(R"({"a":"1","b":"2"})"));
  EXPECT_EQ(fieldsOf(third.object, "one", "Apply"), parse(R"({"f:data":{"f:a":{}}})"));
  EXPECT_EQ(fieldsOf(third.object, "two", "Apply"), parse(R"({"f:data":{"f:b":{}}})"));
}

TEST(Apply, RemovesAListItemWithTheDefaultsInIt) {
  const auto first = apply(res::kDeployments, nullptr,
                           R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x"},
                              {"name":"b","image":"y"}]}}}})",
                           "one");
  json::object live = first.object;
  applyDefaults(res::kDeployments, live);
  const auto second =
      apply(res::kDeployments, &live,
            R"({"spec":{"template":{"spec":{"containers":[{"name":"b","image":"y"}]}}}})", "one");
  const json::array& left =
      second.object.at("spec").at("template").at("spec").at("containers").as_array();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].at("name"), "b");
  EXPECT_EQ(left[0].at("imagePullPolicy"), "Always") << "what nobody named stays";
}

TEST(Apply, ConflictsWithAnotherOwnerUnlessForced) {
  json::object live = parse(R"({"metadata":{"name":"web"},"spec":{"replicas":3}})");
  recordUpdate(res::kDeployments, nullptr, live, "kubectl-edit", "", kThen);
  constexpr auto kConfig = R"({"metadata":{"name":"web"},"spec":{"replicas":5}})";
  const auto refused = apply(res::kDeployments, &live, kConfig, "kubectl");
  ASSERT_EQ(refused.conflicts.size(), 1u);
  EXPECT_EQ(refused.conflicts[0], (FieldError{"FieldManagerConflict", ".spec.replicas",
                                              "conflict with \"kubectl-edit\" using apps/v1"}));
  EXPECT_EQ(conflictMessage(refused.conflicts),
            "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: "
            ".spec.replicas");
  EXPECT_EQ(refused.object, live);

  const auto forced = apply(res::kDeployments, &live, kConfig, "kubectl", true);
  EXPECT_EQ(forced.object.at("spec").at("replicas"), 5);
  EXPECT_EQ(fieldsOf(forced.object, "kubectl", "Apply"), parse(R"({"f:spec":{"f:replicas":{}}})"));
  EXPECT_TRUE(fieldsOf(forced.object, "kubectl-edit", "Update").empty());
}

TEST(Apply, ListsConflictsByOwner) {
  const std::vector<FieldError> conflicts{
      {"FieldManagerConflict", ".spec.replicas", "conflict with \"a\""},
      {"FieldManagerConflict", ".spec.paused", "conflict with \"a\""},
      {"FieldManagerConflict", ".spec.x", "conflict with \"b\" using apps/v1"}};
  EXPECT_EQ(
      conflictMessage(conflicts),
      "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.replicas\n- .spec.paused\n"
      "conflicts with \"b\" using apps/v1:\n- .spec.x");
}

TEST(Apply, NamesListItemsInConflictsByTheirKeys) {
  json::object live = parse(R"({"spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":1}]}})");
  recordUpdate(res::kServices, nullptr, live, "other", "", kThen);
  const auto refused =
      apply(res::kServices, &live, R"({"spec":{"ports":[{"port":80,"targetPort":2}]}})", "kubectl");
  ASSERT_EQ(refused.conflicts.size(), 1u);
  EXPECT_EQ(refused.conflicts[0].field, ".spec.ports[port=80,protocol=\"TCP\"].targetPort");
}

TEST(Apply, TheSameAgainIsNoChangeAtAll) {
  constexpr auto kConfig = R"({"metadata":{"name":"c"},"data":{"a":"1"}})";
  const auto first = apply(res::kConfigMaps, nullptr, kConfig, "one", false, kThen);
  const auto second = apply(res::kConfigMaps, &first.object, kConfig, "one", false, kLater);
  EXPECT_EQ(first.object, second.object);
}

TEST(Apply, KeepsItemsOfOthersInTheirPlaces) {
  json::object live = parse(
      R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"b"}]}}}})");
  recordUpdate(res::kDeployments, nullptr, live, "injector", "", kThen);
  const auto outcome = apply(
      res::kDeployments, &live,
      R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}}})",
      "kubectl");
  EXPECT_EQ(outcome.object.at("spec").at("template").at("spec").at("containers"),
            parseJson(R"([{"name":"a"},{"name":"x"},{"name":"b"},{"name":"c"}])").value());
}

TEST(Apply, TakesUntrackedObjectsAsSomebodyElses) {
  const json::object live = parse(R"({"data":{"a":"1"}})");
  const auto refused = apply(res::kConfigMaps, &live, R"({"data":{"a":"2"}})", "one");
  ASSERT_EQ(refused.conflicts.size(), 1u);
  EXPECT_EQ(refused.conflicts[0].message, "conflict with \"before-first-apply\" using v1");
}

TEST(Apply, RefusesAmbiguousLists) {
  for (const auto config :
       {R"({"spec":{"containers":[{"name":"a"},{"name":"a"}]}})", R"({"spec":{"containers":[{}]}})",
        R"({"metadata":{"managedFields":[]}})"}) {
    EXPECT_FALSE(serverSideApply(res::kPods, nullptr, parse(config), "one", false, kThen))
        << config;
  }
}

}  // namespace
}  // namespace hitless::kube
