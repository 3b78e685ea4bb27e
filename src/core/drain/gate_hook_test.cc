#include "core/drain/gate_hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::drain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

kube::json::object parse(std::string_view text) {
  return kube::parseJson(text)->as_object();
}

Injection inject(kube::json::object& pod, std::string_view id = "x7") {
  return injectGate(pod, {}, id);
}

/// The id that the first container's hook holds; empty if it has none.
std::string hookId(const kube::json::object& pod) {
  const auto* containers = kube::findArray(pod, {"spec", "containers"});
  const std::string path(
      kube::text(containers->at(0).as_object(), {"lifecycle", "preStop", "httpGet", "path"}));
  return path.empty() ? path : path.substr(kGatePath.size());
}

TEST(InjectGate, GivesTheHookToContainersWithoutOne) {
  auto pod = parse(R"({"metadata":{"generateName":"web-"},"spec":{
    "initContainers":[{"name":"proxy","restartPolicy":"Always"}],
    "containers":[{"name":"app","lifecycle":{"postStart":{"sleep":{"seconds":1}}}},
                  {"name":"own","lifecycle":{"preStop":{"exec":{"command":["true"]}}}},
                  {"name":"log"}]}})");
  const Injection done = inject(pod);
  EXPECT_THAT(done.injected, ElementsAre("app", "log"));
  EXPECT_THAT(done.keptOwnHook, ElementsAre("own"));
  EXPECT_THAT(done.warnings, ElementsAre(HasSubstr("container own has a preStop hook of its own")));
  EXPECT_EQ(pod, parse(R"({"metadata":{"generateName":"web-","annotations":{
                 "hitless.io/gate":"x7","hitless.io/ungated-containers":"own"}},"spec":{
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
       R"({"metadata":{"labels":{"hitless.io/gate":"off"}},"spec":{"containers":[{"name":"a"}]}})",
       R"({"metadata":{"annotations":{"kubernetes.io/config.mirror":"h"}},"spec":{"containers":[{"name":"a"}]}})",
       R"({"spec":{"os":{"name":"windows"},"containers":[{"name":"a"}]}})",
       R"({"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"a"}]}})",
       R"({"spec":{"containers":"nonsense"}})", R"({"spec":7})", R"({})",
       R"({"spec":{"containers":[1,null,"a"]}})"}) {
    auto pod = parse(text);
    const Injection done = inject(pod);
    EXPECT_THAT(done.injected, IsEmpty()) << text;
    EXPECT_THAT(done.warnings, IsEmpty()) << text;
    EXPECT_EQ(pod, parse(text)) << text;
  }
}

TEST(InjectGate, ANamespaceMayOptOutAndAPodBackIn) {
  for (const char* where : {"labels", "annotations"}) {
    const auto ns = parse(std::string(R"({"metadata":{"name":"n",")") + where +
                          R"(":{"hitless.io/gate":"off"}}})");
    auto pod = parse(R"({"spec":{"containers":[{"name":"a"}]}})");
    EXPECT_THAT(injectGate(pod, {&ns}, "x7").injected, IsEmpty()) << where;
    auto willing = parse(
        R"({"metadata":{"annotations":{"hitless.io/gate":"on"}},"spec":{"containers":[{"name":"a"}]}})");
    EXPECT_THAT(injectGate(willing, {&ns}, "x7").warnings, IsEmpty());
    EXPECT_EQ(hookId(willing), "x7") << where;
    EXPECT_EQ(kube::text(willing, {"metadata", "annotations", kGateAnnotation}), "x7");
  }
}

TEST(InjectGate, SaysThatAWordIsNoneThatItKnows) {
  auto pod = parse(
      R"({"metadata":{"annotations":{"hitless.io/gate":"disabled"}},"spec":{"containers":[{"name":"a"}]}})");
  const Injection done = inject(pod);
  EXPECT_THAT(done.injected, ElementsAre("a"));
  EXPECT_THAT(done.warnings, ElementsAre(HasSubstr("\"disabled\", which is neither")));
}

TEST(InjectGate, SaysThatAWishForQuietMeansNothing) {
  for (const auto& [wish, warnings] : std::map<std::string, std::size_t>{
           {"true", 0}, {"false", 0}, {"10s", 0}, {"1m30s", 0}, {"yes", 1}, {"10", 1}}) {
    auto pod = parse(R"({"metadata":{"annotations":{"hitless.io/wait-for-quiet":")" + wish +
                     R"("}},"spec":{"containers":[{"name":"a"}]}})");
    EXPECT_EQ(inject(pod).warnings.size(), warnings) << wish;
  }
}

TEST(InjectGate, WritesNoIdWhereEveryContainerHasItsOwnHook) {
  auto pod = parse(
      R"({"spec":{"containers":[{"name":"own","lifecycle":{"preStop":{"sleep":{"seconds":5}}}}]}})");
  EXPECT_THAT(inject(pod).keptOwnHook, ElementsAre("own"));
  EXPECT_EQ(hookId(pod), "");
  EXPECT_EQ(pod.at("metadata").at("annotations"),
            parse(R"({"hitless.io/ungated-containers":"own"})"));
}

TEST(InjectGate, ReplacesAnOwnHookOnRequest) {
  auto pod = parse(R"({"metadata":{"annotations":{"hitless.io/pre-stop":"replace"}},"spec":{
    "containers":[{"name":"own","lifecycle":{"preStop":{"sleep":{"seconds":5}}}}]}})");
  const Injection done = inject(pod);
  EXPECT_THAT(done.injected, ElementsAre("own"));
  EXPECT_THAT(done.warnings, IsEmpty());
  EXPECT_EQ(hookId(pod), "x7");
}

TEST(InjectGate, AHookThatAsksTheGateItselfIsAsGood) {
  auto pod = parse(R"({"metadata":{"annotations":{"hitless.io/pre-stop":"replace"}},"spec":{
    "containers":[{"name":"own","lifecycle":{"preStop":{"exec":{"command":
      ["/bin/sh","-c","curl -s http://$HOST_IP:9470/v1/gate/self; flush"]}}}}]}})");
  const auto before = pod;
  const Injection done = inject(pod);
  EXPECT_THAT(done.keptOwnHook, IsEmpty());
  EXPECT_THAT(done.warnings, IsEmpty());
  EXPECT_EQ(pod, before);
}

TEST(InjectGate, ReplacesAHookThatIsNull) {
  auto pod = parse(R"({"spec":{"containers":[{"name":"a","lifecycle":{"preStop":null}}]}})");
  EXPECT_THAT(inject(pod).injected, ElementsAre("a"));
}

TEST(InjectGate, KeepsWhatItHasDoneWhenItIsAppliedAgain) {
  auto pod = parse(R"({"spec":{"containers":[{"name":"a"},
    {"name":"own","lifecycle":{"preStop":{"sleep":{"seconds":5}}}}]}})");
  inject(pod, "first");
  const auto once = pod;
  EXPECT_THAT(inject(pod, "second").keptOwnHook, ElementsAre("own"));
  EXPECT_EQ(pod, once);

  pod["spec"].as_object()["containers"].as_array().push_back(parse(R"({"name":"late"})"));
  EXPECT_THAT(inject(pod, "third").injected, ElementsAre("a", "late"));
  EXPECT_NE(kube::json::serialize(pod.at("spec").at("containers").at(2)).find("/v1/gate/first"),
            std::string::npos);
}

TEST(InjectGate, AnIdWithoutItsHookIsNotTakenOver) {
  // Of a manifest that was copied from a live pod, without the hooks.
  auto pod = parse(
      R"({"metadata":{"annotations":{"hitless.io/gate":"stale"}},"spec":{"containers":[{"name":"a"}]}})");
  inject(pod);
  EXPECT_EQ(hookId(pod), "x7");
  EXPECT_EQ(kube::text(pod, {"metadata", "annotations", kGateAnnotation}), "x7");
}

struct PodSecurityCase {
  const char* labels;
  unsigned minor;
  bool injected;
};

TEST(InjectGate, DoesNotMakePodSecurityRefuseThePod) {
  constexpr PodSecurityCase kCases[] = {
      {R"("pod-security.kubernetes.io/enforce":"baseline")", 34, false},
      {R"("pod-security.kubernetes.io/enforce":"restricted")", 36, false},
      {R"("pod-security.kubernetes.io/enforce":"restricted")", 33, true},
      {R"("pod-security.kubernetes.io/enforce":"restricted")", 0, true},
      {R"("pod-security.kubernetes.io/enforce":"privileged")", 34, true},
      {R"("pod-security.kubernetes.io/warn":"baseline")", 34, true},
      {R"("pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/enforce-version":"v1.33")",
       36, true},
      {R"("pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/enforce-version":"v1.34")",
       36, false},
      {R"("pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/enforce-version":"latest")",
       34, false},
  };
  for (const PodSecurityCase& row : kCases) {
    const auto ns =
        parse(std::string(R"({"metadata":{"name":"shop","labels":{)") + row.labels + "}}}");
    auto pod = parse(R"({"spec":{"containers":[{"name":"a"}]}})");
    const Injection done = injectGate(pod, {&ns, row.minor}, "x7");
    EXPECT_EQ(!done.injected.empty(), row.injected) << row.labels << row.minor;
    EXPECT_EQ(done.warnings.empty(), row.injected);
    if (!row.injected) {
      EXPECT_THAT(done.warnings, ElementsAre(HasSubstr("namespace shop")));
    }
  }
}

}  // namespace
}  // namespace hitless::drain
