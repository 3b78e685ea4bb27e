#include "core/scenario/prestop_sleep.h"

#include <gtest/gtest.h>

namespace hitless::scenario {
namespace {

kube::json::object parsed(std::string_view json) {
  return kube::parseJson(json).value().get_object();
}

constexpr std::string_view kDeployment =
    R"({"kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[
    {"name":"a"},{"name":"b","lifecycle":{"preStop":{"sleep":{"seconds":1}}}}]}}}})";

TEST(PutSleep, IntoEveryContainerOfATemplate) {
  auto manifest = parsed(kDeployment);
  const auto change = putSleep(manifest, seconds{7}, milliseconds{300});
  ASSERT_TRUE(change) << change.error().text();
  EXPECT_EQ(change->containers, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(change->grace, 30);
  EXPECT_FALSE(change->graceRaised);
  const auto* containers = kube::findArray(manifest, {"spec", "template", "spec", "containers"});
  for (const auto& container : *containers) {
    EXPECT_EQ(kube::integer(container.get_object(), {"lifecycle", "preStop", "sleep", "seconds"}),
              7);
  }
}

TEST(PutSleep, RaisesTheGracePeriodWhereItMust) {
  auto manifest = parsed(kDeployment);
  const auto change = putSleep(manifest, seconds{31}, milliseconds{1300});
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->graceRaised);
  EXPECT_EQ(kube::integer(manifest, {"spec", "template", "spec", "terminationGracePeriodSeconds"}),
            34);
}

TEST(PutSleep, OfNothingTakesItAway) {
  auto manifest = parsed(kDeployment);
  ASSERT_TRUE(putSleep(manifest, seconds{0}, seconds{100}));
  EXPECT_EQ(kube::json::serialize(manifest).find("sleep"), std::string::npos);
  EXPECT_EQ(kube::json::serialize(manifest).find("Grace"), std::string::npos);
}

TEST(PutSleep, KeepsToWhatItUnderstands) {
  auto service = parsed(R"({"kind":"Service","spec":{"ports":[]}})");
  const auto before = service;
  EXPECT_TRUE(putSleep(service, seconds{1}, seconds{0})->containers.empty());
  EXPECT_EQ(service, before);
  for (const char* odd : {R"({"kind":"Pod"})", R"({"kind":"Pod","spec":7})",
                          R"({"kind":"Pod","spec":{"containers":[1]}})"}) {
    auto manifest = parsed(odd);
    EXPECT_TRUE(putSleep(manifest, seconds{1}, seconds{0})) << odd;
  }
}

TEST(PutSleep, RefusesToReplaceAnotherHook) {
  auto pod = parsed(R"({"kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c",
      "lifecycle":{"preStop":{"exec":{"command":["/bin/true"]}}}}]}})");
  const auto refused = putSleep(pod, seconds{1}, seconds{0});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("container c of Pod/p"), std::string::npos);
}

}  // namespace
}  // namespace hitless::scenario
