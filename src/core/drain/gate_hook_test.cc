#include "core/drain/gate_hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::drain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

kube::json::object parse(std::string_view text) {
  return kube::parseJson(text)->as_object();
}

TEST(InjectGate, GivesTheHookToContainersWithoutOne) {
  auto pod = parse(R"({"metadata":{"generateName":"web-"},"spec":{
    "initContainers":[{"name":"proxy","restartPolicy":"Always"}],
    "containers":[{"name":"app","lifecycle":{"postStart":{"sleep":{"seconds":1}}}},
                  {"name":"own","lifecycle":{"preStop":{"exec":{"command":["true"]}}}},
                  {"name":"log"}]}})");
  const Injection done = injectGate(pod, "x7");
  EXPECT_THAT(done.injected, ElementsAre("app", "log"));
  EXPECT_THAT(done.keptOwnHook, ElementsAre("own"));
  EXPECT_EQ(
      pod,
      parse(R"({"metadata":{"generateName":"web-","annotations":{"hitless.io/gate":"x7"}},"spec":{
    "initContainers":[{"name":"proxy","restartPolicy":"Always"}],
    "containers":[{"name":"app","lifecycle":{"postStart":{"sleep":{"seconds":1}},
                     "preStop":{"httpGet":{"host":"127.0.0.1","port":9470,"path":"/v1/gate/x7","scheme":"HTTP"}}}},
                  {"name":"own","lifecycle":{"preStop":{"exec":{"command":["true"]}}}},
                  {"name":"log","lifecycle":{
                     "preStop":{"httpGet":{"host":"127.0.0.1","port":9470,"path":"/v1/gate/x7","scheme":"HTTP"}}}}]}})"));
}

TEST(InjectGate, LeavesThePodAlone) {
  for (
      const char* text :
      {R"({"metadata":{"annotations":{"hitless.io/gate":"off"}},"spec":{"containers":[{"name":"a"}]}})",
       R"({"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"a"}]}})",
       R"({"spec":{"containers":"nonsense"}})", R"({"spec":7})", R"({})",
       R"({"spec":{"containers":[1,null,"a"]}})"}) {
    auto pod = parse(text);
    const Injection done = injectGate(pod, "x7");
    EXPECT_THAT(done.injected, IsEmpty()) << text;
    EXPECT_EQ(pod, parse(text)) << text;
  }
}

TEST(InjectGate, WritesNoAnnotationWhereEveryContainerHasItsOwnHook) {
  auto pod = parse(
      R"({"spec":{"containers":[{"name":"own","lifecycle":{"preStop":{"sleep":{"seconds":5}}}}]}})");
  const auto before = pod;
  const Injection done = injectGate(pod, "x7");
  EXPECT_THAT(done.keptOwnHook, ElementsAre("own"));
  EXPECT_EQ(pod, before);
}

TEST(InjectGate, ReplacesAHookThatIsNull) {
  auto pod = parse(R"({"spec":{"containers":[{"name":"a","lifecycle":{"preStop":null}}]}})");
  EXPECT_THAT(injectGate(pod, "x7").injected, ElementsAre("a"));
}

}  // namespace
}  // namespace hitless::drain
