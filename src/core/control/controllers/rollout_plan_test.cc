#include "core/control/controllers/rollout_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/controllers/revisions.h"
#include "core/control/controllers/template_hash.h"
#include "testing/deployments.h"

namespace hitless::control {
namespace {

using ::testing::ElementsAre;

kube::Deployment deploymentWith(std::int64_t replicas, kube::IntOrString surge,
                                kube::IntOrString unavailable) {
  kube::Deployment deployment;
  deployment.replicas = replicas;
  deployment.maxSurge = std::move(surge);
  deployment.maxUnavailable = std::move(unavailable);
  return deployment;
}

Ref<kube::ReplicaSet> setOf(std::string name, std::int64_t replicas, std::int64_t available,
                            std::int64_t age = 0) {
  kube::ReplicaSet set;
  set.meta.name = std::move(name);
  set.meta.creationTimestamp = WallTime{} - seconds(age);
  set.replicas = replicas;
  set.status.availableReplicas = available;
  set.status.replicas = replicas;
  return std::make_shared<const kube::ReplicaSet>(std::move(set));
}

std::vector<std::pair<std::string, std::int64_t>> named(const Sizes& sizes) {
  std::vector<std::pair<std::string, std::int64_t>> out;
  for (const Sized& sized : sizes) {
    out.emplace_back(sized.set->meta.name, sized.replicas);
  }
  return out;
}

TEST(RolloutLimits, SurgeRoundsUpAndUnavailableDown) {
  struct Row {
    std::int64_t replicas;
    std::string surge;
    std::string unavailable;
    RolloutLimits limits;
  };
  const Row rows[] = {{1, "25%", "25%", {1, 0}},   {3, "25%", "25%", {1, 0}},
                      {4, "25%", "25%", {1, 1}},   {10, "25%", "25%", {3, 2}},
                      {10, "0%", "0%", {0, 1}},    {0, "25%", "25%", {0, 0}},
                      {3, "100%", "100%", {3, 3}}, {5, "nonsense", "-3%", {0, 1}}};
  for (const Row& row : rows) {
    EXPECT_EQ(limitsOf(deploymentWith(row.replicas, row.surge, row.unavailable)), row.limits)
        << row.replicas << " " << row.surge << " " << row.unavailable;
  }
  EXPECT_EQ(limitsOf(deploymentWith(2, std::int64_t{5}, std::int64_t{5})), (RolloutLimits{5, 2}));
}

TEST(NewSetSize, GrowsOnlyIntoTheSurge) {
  const auto deployment = deploymentWith(4, "25%", "25%");
  EXPECT_EQ(newSetSize(deployment, 0, 0), 4);
  EXPECT_EQ(newSetSize(deployment, 0, 4), 1);
  EXPECT_EQ(newSetSize(deployment, 1, 5), 1);
  EXPECT_EQ(newSetSize(deployment, 1, 4), 2);
  EXPECT_EQ(newSetSize(deployment, 7, 7), 4);
}

TEST(ShrinkOld, TakesUnavailablePodsFirst) {
  const auto deployment = deploymentWith(4, std::int64_t{0}, std::int64_t{2});
  const auto fresh = setOf("new", 2, 0);
  // Of 4 old pods 2 are available; the floor is 2: the two others go, no available one does.
  EXPECT_THAT(named(shrinkOld(deployment, *fresh, {setOf("old", 4, 2)})),
              ElementsAre(std::pair<std::string, std::int64_t>("old", 2)));
}

TEST(ShrinkOld, OldestSetFirst) {
  const auto deployment = deploymentWith(4, "25%", "25%");
  const auto fresh = setOf("new", 2, 2);
  EXPECT_THAT(named(shrinkOld(deployment, *fresh, {setOf("b", 2, 2, 10), setOf("a", 1, 1, 20)})),
              ElementsAre(std::pair<std::string, std::int64_t>("a", 0),
                          std::pair<std::string, std::int64_t>("b", 1)));
}

TEST(ShrinkOld, AStatusThatLagsDoesNotCountTwice) {
  const auto deployment = deploymentWith(4, std::int64_t{1}, std::int64_t{1});
  // The old set was lowered to 3 a moment ago and still reports 4 available.
  EXPECT_TRUE(shrinkOld(deployment, *setOf("new", 1, 0), {setOf("old", 3, 4)}).empty());
  EXPECT_THAT(named(shrinkOld(deployment, *setOf("new", 1, 1), {setOf("old", 3, 4)})),
              ElementsAre(std::pair<std::string, std::int64_t>("old", 2)));
}

TEST(Proportional, LeftoverGoesToTheBiggest) {
  auto deployment = deploymentWith(10, std::int64_t{0}, std::int64_t{1});
  deployment.status.replicas = 6;
  const auto sizes =
      proportional(deployment, {setOf("a", 2, 2, 30), setOf("b", 2, 2, 20), setOf("c", 2, 2, 10)});
  std::int64_t total = 0;
  for (const Sized& sized : sizes) {
    total += sized.replicas;
  }
  EXPECT_EQ(total, 10);
  EXPECT_EQ(sizes.front().set->meta.name, "c");
  EXPECT_EQ(sizes.front().replicas, 4);
}

TEST(TemplateHash, IgnoresKeyOrderAndFollowsContent) {
  const auto parse = [](std::string_view text) { return kube::parseJson(text)->as_object(); };
  const auto a = parse(R"({"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"x":[1,2]}})");
  const auto b = parse(R"({"spec":{"x":[1,2]},"metadata":{"labels":{"b":"2","a":"1"}}})");
  const auto c = parse(R"({"spec":{"x":[2,1]},"metadata":{"labels":{"b":"2","a":"1"}}})");
  EXPECT_EQ(templateHash(a, {}), templateHash(b, {}));
  EXPECT_NE(templateHash(a, {}), templateHash(c, {}));
  EXPECT_NE(templateHash(a, {}), templateHash(a, 1));
  EXPECT_EQ(templateHash(a, {}).find_first_not_of("bcdfghjklmnpqrstvwxz2456789"),
            std::string::npos);
}

TEST(SameTemplate, DisregardsTheHashLabelAlone) {
  const auto parse = [](std::string_view text) { return kube::parseJson(text)->as_object(); };
  const auto plain = parse(R"({"metadata":{"labels":{"a":"1"}},"spec":{"x":1}})");
  EXPECT_TRUE(sameTemplate(plain, parse(R"({"metadata":{"creationTimestamp":null,
      "labels":{"a":"1","pod-template-hash":"z"}},"spec":{"x":1}})")));
  EXPECT_FALSE(sameTemplate(plain, parse(R"({"metadata":{"labels":{"a":"1"},
      "annotations":{"r":"1"}},"spec":{"x":1}})")));
  EXPECT_FALSE(sameTemplate(plain, parse(R"({"metadata":{"labels":{"a":"1"}}})")));
}

}  // namespace
}  // namespace hitless::control
