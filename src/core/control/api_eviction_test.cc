#include "core/kube/pod_disruption_budget.h"
#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

class ApiEvictionTest : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    runningPod("a");
    object(200, "PATCH", std::string(kPods) + "/a/status",
           {R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})",
            kStrategic});
  }

  void budget(const std::string& name, int allowed) {
    object(201, "POST", kBudgets,
           {R"({"metadata":{"name":")" + name +
            R"("},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"web"}}}})"});
    object(200, "PATCH", std::string(kBudgets) + "/" + name + "/status",
           {R"({"status":{"observedGeneration":1,"disruptionsAllowed":)" + std::to_string(allowed) +
                R"(,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1}})",
            kMerge});
  }

  ApiResponse evict(const std::string& query = "", const std::string& name = "a") {
    return call(
        "POST", std::string(kPods) + "/a/eviction" + query,
        {R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + name + R"("}})"});
  }

  bool terminating() {
    return kube::podOf(*store.get(kube::res::kPods, "default", "a")).meta.terminating();
  }

  kube::PodDisruptionBudgetStatus status(const std::string& name) {
    return kube::podDisruptionBudgetOf(
               *store.get(kube::res::kPodDisruptionBudgets, "default", name))
        .status;
  }

  static constexpr const char* kBudgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
};

TEST_F(ApiEvictionTest, SucceedsAndIsPaid) {
  budget("web", 1);
  const ApiResponse done = evict();
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.body,
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201})"
            "\n");
  EXPECT_TRUE(terminating());
  EXPECT_EQ(status("web").disruptionsAllowed, 0);
  EXPECT_EQ(status("web").disruptedPods.count("a"), 1U);
}

TEST_F(ApiEvictionTest, ADryRunCostsNothing) {
  budget("web", 1);
  EXPECT_EQ(evict("?dryRun=All").status, 201);
  EXPECT_FALSE(terminating());
  EXPECT_EQ(status("web").disruptionsAllowed, 1);
}

TEST_F(ApiEvictionTest, IsRefusedWhenNothingIsToSpare) {
  budget("web", 0);
  EXPECT_EQ(evict().status, 429);
  EXPECT_EQ(evict("?dryRun=All").status, 429);
  EXPECT_FALSE(terminating());
  budget("second", 1);
  EXPECT_EQ(evict().status, 500);
}

TEST_F(ApiEvictionTest, MistakesAreExplained) {
  EXPECT_EQ(evict("", "b").status, 400);
  EXPECT_EQ(call("POST", std::string(kPods) + "/none/eviction",
                 {R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"none"}})"})
                .status,
            404);
  const ApiResponse both =
      call("POST", kBudgets,
           {R"({"metadata":{"name":"x"},"spec":{"minAvailable":1,"maxUnavailable":1}})"});
  EXPECT_EQ(both.status, 422);
  EXPECT_NE(both.body.find("minAvailable and maxUnavailable cannot be both set"),
            std::string::npos);
  EXPECT_EQ(call("POST", kBudgets, {R"({"metadata":{"name":"x"},"spec":{"minAvailable":"200%"}})"})
                .status,
            422);
  EXPECT_EQ(call("POST", kBudgets,
                 {R"({"metadata":{"name":"x"},"spec":{"unhealthyPodEvictionPolicy":"Never"}})"})
                .status,
            422);
}

TEST_F(ApiEvictionTest, TheTableShowsWhatIsAllowed) {
  budget("web", 1);
  Sent sent;
  sent.accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const auto table = object(200, "GET", kBudgets, sent);
  const auto& cells = table.at("rows").at(0).at("cells").as_array();
  EXPECT_EQ(cells.at(1), kube::json::value("1"));
  EXPECT_EQ(cells.at(2), kube::json::value("N/A"));
  EXPECT_EQ(cells.at(3), kube::json::value(1));
}

}  // namespace
}  // namespace hitless::control
