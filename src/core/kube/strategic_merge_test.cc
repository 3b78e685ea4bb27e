#include <gtest/gtest.h>

#include "core/kube/patch.h"

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

json::object patched(const Resource& resource, std::string_view document, std::string_view patch) {
  auto result = applyStrategicMerge(resource, parse(document), parse(patch));
  EXPECT_TRUE(result) << (result ? "" : result.error().text());
  return result ? *result : json::object{};
}

TEST(StrategicMerge, MergesContainersByName) {
  EXPECT_EQ(
      patched(
          res::kDeployments,
          R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"1"},
                  {"name":"b","image":"1","args":["x"]}]}}}})",
          R"({"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"},{"name":"b"}],
                  "containers":[{"name":"b","image":"2","args":["y"]}]}}}})"),
      parse(R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"1"},
                  {"name":"b","image":"2","args":["y"]}]}}}})"));
}

TEST(StrategicMerge, AddsAndDeletesItems) {
  EXPECT_EQ(patched(res::kPods, R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                    R"({"spec":{"containers":[{"name":"a","$patch":"delete"},{"name":"c"}]}})"),
            parse(R"({"spec":{"containers":[{"name":"b"},{"name":"c"}]}})"));
}

TEST(StrategicMerge, ReplacesAListOnDemand) {
  EXPECT_EQ(patched(res::kPods, R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
                    R"({"spec":{"containers":[{"name":"c","image":"x"},{"$patch":"replace"}]}})"),
            parse(R"({"spec":{"containers":[{"name":"c","image":"x"}]}})"));
}

TEST(StrategicMerge, ReplacesAMapOnDemand) {
  EXPECT_EQ(patched(res::kPods, R"({"metadata":{"labels":{"a":"1","b":"2"}}})",
                    R"({"metadata":{"labels":{"$patch":"replace","c":"3"}}})"),
            parse(R"({"metadata":{"labels":{"c":"3"}}})"));
  EXPECT_EQ(patched(res::kPods, R"({"metadata":{"labels":{"a":"1"}}})",
                    R"({"metadata":{"labels":{"$patch":"delete"}}})"),
            parse(R"({"metadata":{"labels":{}}})"));
}

TEST(StrategicMerge, NullDeletesAField) {
  EXPECT_EQ(patched(res::kPods, R"({"metadata":{"labels":{"a":"1","b":"2"}}})",
                    R"({"metadata":{"labels":{"a":null}}})"),
            parse(R"({"metadata":{"labels":{"b":"2"}}})"));
}

TEST(StrategicMerge, AtomicListsAreReplaced) {
  EXPECT_EQ(patched(res::kPods, R"({"spec":{"tolerations":[{"key":"a"},{"key":"b"}]}})",
                    R"({"spec":{"tolerations":[{"key":"c"}]}})"),
            parse(R"({"spec":{"tolerations":[{"key":"c"}]}})"));
}

TEST(StrategicMerge, FinalizersMergeAsASet) {
  EXPECT_EQ(patched(res::kPods, R"({"metadata":{"finalizers":["a","b"]}})",
                    R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],
                        "$setElementOrder/finalizers":["c","b"],"finalizers":["c"]}})"),
            parse(R"({"metadata":{"finalizers":["c","b"]}})"));
}

TEST(StrategicMerge, OrdersNamedItemsAndKeepsOthersInPlace) {
  // "x" was put in by somebody else, between a and b.
  EXPECT_EQ(
      patched(res::kPods, R"({"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"b"}]}})",
              R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"n"},{"name":"a"}],
                        "containers":[{"name":"n"}]}})"),
      parse(R"({"spec":{"containers":[{"name":"x"},{"name":"b"},{"name":"n"},{"name":"a"}]}})"));
}

TEST(StrategicMerge, RetainKeysDropsTheRest) {
  EXPECT_EQ(
      patched(res::kDeployments,
              R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})",
              R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})"),
      parse(R"({"spec":{"strategy":{"type":"Recreate"}}})"));
  EXPECT_EQ(patched(res::kPods, R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
                    R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"},
                        "$retainKeys":["name","hostPath"]}]}})"),
            parse(R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}})"));
}

TEST(StrategicMerge, DirectivesNeverEndUpInTheObject) {
  EXPECT_EQ(patched(res::kPods, "{}",
                    R"({"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[
                        {"name":"a","env":[{"name":"X","$patch":"delete"},{"name":"Y","value":null}]}]}})"),
            parse(R"({"spec":{"containers":[{"name":"a","env":[{"name":"Y"}]}]}})"));
}

TEST(StrategicMerge, ServicePortsMergeByPort) {
  EXPECT_EQ(
      patched(res::kServices, R"({"spec":{"ports":[{"port":80,"targetPort":1},{"port":443}]}})",
              R"({"spec":{"ports":[{"port":80,"targetPort":2}]}})"),
      parse(R"({"spec":{"ports":[{"port":80,"targetPort":2},{"port":443}]}})"));
}

TEST(StrategicMerge, ServiceAccountPullSecretsHaveNoMergeKey) {
  EXPECT_EQ(patched(res::kServiceAccounts,
                    R"({"imagePullSecrets":[{"name":"a"}],"secrets":[{"name":"a"}]})",
                    R"({"imagePullSecrets":[{"name":"b"}],"secrets":[{"name":"b"}]})"),
            parse(R"({"imagePullSecrets":[{"name":"b"}],"secrets":[{"name":"a"},{"name":"b"}]})"));
}

TEST(StrategicMerge, RefusesWhatItCannotUnderstand) {
  const auto refused = [](std::string_view patch) {
    return !applyStrategicMerge(res::kPods, parse("{}"), parse(patch));
  };
  EXPECT_TRUE(refused(R"({"spec":{"containers":[{"image":"x"}]}})"));
  EXPECT_TRUE(refused(R"({"spec":{"containers":["x"]}})"));
  EXPECT_TRUE(refused(R"({"metadata":{"$patch":"shuffle"}})"));
  EXPECT_TRUE(refused(R"({"metadata":{"$retainKeys":"name"}})"));
}

}  // namespace
}  // namespace hitless::kube
