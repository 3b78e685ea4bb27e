#include "core/scenario/scenario.h"

#include <gtest/gtest.h>

#include "core/kube/yaml.h"
#include "core/scenario/profile.h"

namespace hitless::scenario {
namespace {

Result<Scenario> read(std::string_view text) {
  return scenarioOf(kube::parseYaml(text, "s.yaml").value().front().value, "s.yaml");
}

constexpr std::string_view kHead =
    "apiVersion: hitless.io/v1\nkind: Scenario\nmetadata: {name: x}\n";

TEST(Scenario, ReadsEveryField) {
  const auto scenario = read(std::string(kHead) + R"(
description: a test
nodes: 2
clientNode: node-2
duration: 40s
load:
- {name: keep-alive, spec: "http://web.default:80/ rate=500 keepalive"}
- {name: theirs, client: [python3, client.py, --rate=20]}
- {name: work, client: [./work.py], endsItself: true}
action: rollout restart deployment/web
profiles: [stock, hitless]
expect: {profile: hitless, failed: 0}
)");
  ASSERT_TRUE(scenario) << scenario.error().text();
  EXPECT_EQ(scenario->name, "x");
  EXPECT_EQ(scenario->nodes, 2);
  EXPECT_EQ(scenario->duration, seconds{40});
  EXPECT_EQ(scenario->clientNode, "node-2");
  ASSERT_EQ(scenario->loads.size(), 3U);
  EXPECT_EQ(scenario->loads[0].name, "keep-alive");
  EXPECT_EQ(scenario->loads[1].client,
            (std::vector<std::string>{"python3", "client.py", "--rate=20"}));
  EXPECT_FALSE(scenario->loads[1].endsItself);
  EXPECT_TRUE(scenario->loads[2].endsItself);
  EXPECT_EQ(scenario->profiles, (std::vector<std::string>{"stock", "hitless"}));
}

TEST(Scenario, NamesTheFieldThatIsWrong) {
  const std::string load = "load: [{name: a, spec: b}]\n";
  EXPECT_EQ(read(std::string(kHead) + load + "nodes: 0\n").error().text(),
            "s.yaml: nodes: must be a whole number from 1 to 32");
  EXPECT_EQ(read(std::string(kHead) + load + "duratoin: 3s\n").error().text(),
            "s.yaml: duratoin: unknown field (did you mean duration?)");
  EXPECT_EQ(read(std::string(kHead)).error().subject, "s.yaml: load");
  EXPECT_EQ(read(std::string(kHead) + load + "profiles: [stok]\n").error().subject,
            "s.yaml: profiles");
  for (const char* entry :
       {"{name: a}", "{spec: b}", "{name: a, spec: b, client: [c]}", "{name: a, client: []}",
        "{name: a, client: c}", "{name: a, client: [1]}", "{name: a, spec: b, endsItself: true}",
        "{name: a, spec: b}, {name: a, spec: c}"}) {
    const auto refused = read(std::string(kHead) + "load: [" + entry + "]\n");
    ASSERT_FALSE(refused) << entry;
    EXPECT_EQ(refused.error().subject, "s.yaml: load") << entry;
  }
}

TEST(Action, ReadsKubectlsSpellings) {
  const auto actions =
      parseActions("rollout restart deploy/web -n shop; scale deployment web --replicas=5");
  ASSERT_TRUE(actions) << actions.error().text();
  ASSERT_EQ(actions->size(), 2U);
  EXPECT_EQ((*actions)[0].kind, "deployment");
  EXPECT_EQ((*actions)[0].ns, "shop");
  EXPECT_EQ((*actions)[1].verb, Action::Verb::kScale);
  EXPECT_EQ((*actions)[1].replicas, 5);
}

TEST(Action, RestartsAndScalesStatefulSets) {
  const auto actions = parseActions(
      "rollout restart sts/db; scale statefulset.apps/db --replicas=1; "
      "rollout restart statefulsets/db");
  ASSERT_TRUE(actions) << actions.error().text();
  for (const Action& action : *actions) {
    EXPECT_EQ(action.kind, "statefulset");
    EXPECT_EQ(action.name, "db");
  }
}

TEST(Action, LeavesShellCommandsWhole) {
  const auto actions = parseActions("kill agent node-2; sh: sleep 1; kubectl get pods");
  ASSERT_TRUE(actions);
  ASSERT_EQ(actions->size(), 2U);
  EXPECT_EQ((*actions)[1].command, "sleep 1; kubectl get pods");
}

TEST(Action, RefusesWhatItCannotDo) {
  for (const char* text :
       {"rollout resart deployment/web", "scale deployment/web", "delete deployment/web",
        "rollout restart pod/x", "rollout restart web", "dance"}) {
    EXPECT_FALSE(parseActions(text)) << text;
  }
}

TEST(Action, ReadsFaults) {
  const auto actions = parseActions(
      "crash pod/web-0 -n shop; crash po -l app=web; cut node/node-3; wait 1.5s; mend no node-3");
  ASSERT_TRUE(actions) << actions.error().text();
  ASSERT_EQ(actions->size(), 5U);
  EXPECT_EQ((*actions)[0].verb, Action::Verb::kCrashPod);
  EXPECT_EQ((*actions)[0].name, "web-0");
  EXPECT_EQ((*actions)[0].ns, "shop");
  EXPECT_EQ((*actions)[1].selector, "app=web");
  EXPECT_EQ((*actions)[2].verb, Action::Verb::kCutNode);
  EXPECT_EQ((*actions)[2].name, "node-3");
  EXPECT_EQ((*actions)[3].duration, milliseconds{1500});
  EXPECT_EQ((*actions)[4].verb, Action::Verb::kMendNode);
  EXPECT_EQ((*actions)[4].name, "node-3");
}

TEST(Action, SaysWhatIsWrongWithAFault) {
  for (const char* text :
       {"crash web", "crash deployment/web", "crash pod", "crash pod/", "cut pod/x", "cut node",
        "mend node/", "wait", "wait 0s", "wait 2h", "wait soon"}) {
    const auto refused = parseActions(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().text().find(text), std::string::npos) << refused.error().text();
  }
  EXPECT_NE(parseActions("dance").error().text().find("crash pod/NAME"), std::string::npos);
}

TEST(Profile, EveryLagHasASource) {
  for (const Lag& lag : stockLags()) {
    EXPECT_FALSE(lag.source.empty()) << lag.what;
    EXPECT_GT(lag.value.count(), 0) << lag.what;
  }
  EXPECT_FALSE(findProfile("stok"));
}

}  // namespace
}  // namespace hitless::scenario
