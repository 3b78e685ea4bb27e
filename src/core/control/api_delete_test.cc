#include "core/control/api_sink.h"
#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

using kube::text;

class ApiDeleteTest : public ApiFixture {
 protected:
  std::string path(const std::string& name) { return std::string(kPods) + "/" + name; }
  kube::ObjectPtr pod(const std::string& name) {
    return store.get(kube::res::kPods, "default", name);
  }
};

TEST_F(ApiDeleteTest, PodsTerminateGracefully) {
  runningPod("p");
  const auto deleted = object(200, "DELETE", path("p"));
  EXPECT_EQ(text(deleted, {"metadata", "deletionTimestamp"}), "2026-11-21T00:00:30Z");
  EXPECT_EQ(kube::integer(deleted, {"metadata", "deletionGracePeriodSeconds"}), 30);
  ASSERT_EQ(timeline.events.size(), 1U);
  EXPECT_EQ(timeline.events[0].what, timeline::What::kPodDeleted);
  EXPECT_EQ(timeline.events[0].pod, "default/p");

  clock.advance(seconds{5});
  object(200, "DELETE", path("p"));
  object(200, "DELETE", path("p") + "?gracePeriodSeconds=60");
  EXPECT_EQ(text(*pod("p"), {"metadata", "deletionTimestamp"}), "2026-11-21T00:00:30Z");
  object(200, "DELETE", path("p") + "?gracePeriodSeconds=3");
  EXPECT_EQ(text(*pod("p"), {"metadata", "deletionTimestamp"}), "2026-11-21T00:00:08Z");
  EXPECT_EQ(kube::integer(*pod("p"), {"metadata", "deletionGracePeriodSeconds"}), 3);

  // A client that sends the object without its deletionTimestamp does not bring it back.
  kube::json::object revived = *pod("p");
  revived["metadata"].as_object().erase("deletionTimestamp");
  object(200, "PUT", path("p"), {kube::json::serialize(revived)});
  EXPECT_NE(kube::find(*pod("p"), {"metadata", "deletionTimestamp"}), nullptr);
  object(200, "DELETE", path("p"), {R"({"gracePeriodSeconds":0})"});
  EXPECT_EQ(pod("p"), nullptr);
  EXPECT_EQ(timeline.events.back().what, timeline::What::kPodGone);
  EXPECT_EQ(timeline.events.size(), 2U);
}

TEST_F(ApiDeleteTest, PodsWithoutNodeOrWorkGoAtOnce) {
  object(201, "POST", kPods, {podJson("unscheduled")});
  object(200, "DELETE", path("unscheduled"));
  EXPECT_EQ(pod("unscheduled"), nullptr);
  runningPod("finished");
  object(200, "PATCH", path("finished") + "/status", {R"({"status":{"phase":"Failed"}})", kMerge});
  object(200, "DELETE", path("finished"));
  EXPECT_EQ(pod("finished"), nullptr);
}

TEST_F(ApiDeleteTest, PreconditionsHold) {
  runningPod("p");
  EXPECT_EQ(call("DELETE", path("p"), {R"({"preconditions":{"uid":"other"}})"}).status, 409);
  EXPECT_EQ(call("DELETE", path("p"), {R"({"preconditions":{"resourceVersion":"1"}})"}).status,
            409);
  EXPECT_EQ(kube::find(*pod("p"), {"metadata", "deletionTimestamp"}), nullptr);
}

TEST_F(ApiDeleteTest, FinalizersHoldTheObject) {
  const std::string map = std::string(kMaps) + "/m";
  object(201, "POST", kMaps, {R"({"metadata":{"name":"m","finalizers":["example.com/x"]}})"});
  const auto deleted = object(200, "DELETE", map);
  EXPECT_NE(text(deleted, {"metadata", "deletionTimestamp"}), "");
  EXPECT_EQ(text(object(200, "GET", map), {"metadata", "name"}), "m");
  object(200, "PATCH", map, {R"({"metadata":{"finalizers":null}})", kMerge});
  EXPECT_EQ(call("GET", map).status, 404);
}

TEST_F(ApiDeleteTest, PropagationPolicySettlesDependents) {
  for (const char* name : {"orphaning", "foreground", "background"}) {
    const auto owner = object(201, "POST", kDeployments, {deploymentJson(name)});
    object(201, "POST", kMaps,
           {R"({"metadata":{"name":"of-)" + std::string(name) +
            R"(","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":")" + name +
            R"(","uid":")" + std::string(uidOf(owner)) + R"("}]}})"});
  }
  const std::string base = std::string(kDeployments) + "/";
  const auto gone = object(200, "DELETE", base + "orphaning?propagationPolicy=Orphan");
  EXPECT_EQ(text(gone, {"status"}), "Success");
  EXPECT_EQ(text(gone, {"details", "kind"}), "deployments");
  const auto orphan = store.get(kube::res::kConfigMaps, "default", "of-orphaning");
  EXPECT_TRUE(kube::metaOf(*orphan).owners.empty());
  const auto waiting =
      object(200, "DELETE", base + "foreground", {R"({"propagationPolicy":"Foreground"})"});
  EXPECT_EQ(kube::metaOf(waiting).finalizers, std::vector<std::string>{"foregroundDeletion"});
  object(200, "DELETE", base + "background", {R"({"propagationPolicy":"Background"})"});
  EXPECT_EQ(call("GET", base + "background").status, 404);
}

TEST_F(ApiDeleteTest, CollectionsAndEvictions) {
  runningPod("a");
  runningPod("b");
  object(201, "POST", path("a") + "/eviction",
         {R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"a"},
              "deleteOptions":{"gracePeriodSeconds":7}})"});
  EXPECT_EQ(kube::integer(*pod("a"), {"metadata", "deletionGracePeriodSeconds"}), 7);
  const auto removed =
      object(200, "DELETE", std::string(kPods) + "?labelSelector=app%3Dweb&gracePeriodSeconds=0");
  EXPECT_EQ(removed.at("items").as_array().size(), 2U);
  EXPECT_TRUE(store.list(kube::res::kPods, "default").empty());
}

TEST_F(ApiDeleteTest, ControllersWriteOverTheSamePath) {
  ApiSink sink(registry);
  Create create{&kube::res::kPods, parse(podJson("c"))};
  kube::ensureObject(create.object, {"metadata"})["namespace"] = "default";
  const auto created = sink.execute(create);
  ASSERT_OK(created);
  EXPECT_EQ(text(**created, {"spec", "serviceAccountName"}), "default");
  EXPECT_EQ(sink.execute(create).error().kind, ErrorKind::kConflict);
  const ObjectRef ref{&kube::res::kPods, "default", "c", std::string(uidOf(**created))};
  ASSERT_OK(sink.execute(Bind{ref, "n"}));
  ASSERT_OK(sink.execute(Patch{ref, "status", {{"status", {{"phase", "Running"}}}}, {}}));
  EXPECT_EQ(text(*pod("c"), {"status", "phase"}), "Running");
  EXPECT_EQ(sink.execute(Patch{ref, "status", {}, std::uint64_t{1}}).error().kind,
            ErrorKind::kConflict);
  ObjectRef other = ref;
  other.uid = "another life";
  EXPECT_EQ(sink.execute(Delete{other, {}, ""}).error().kind, ErrorKind::kConflict);
  ASSERT_OK(sink.execute(Delete{ref, 0, ""}));
  EXPECT_EQ(pod("c"), nullptr);
}

TEST_F(ApiDeleteTest, RepeatedEventsCountUp) {
  ApiSink sink(registry);
  const EmitEvent event{
      {&kube::res::kPods, "default", "p", "u"}, "Warning", "BackOff", "again", "kubelet"};
  ASSERT_OK(sink.execute(event));
  clock.advance(seconds{10});
  ASSERT_OK(sink.execute(event));
  const auto events = store.list(kube::res::kEvents, "default");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(kube::integer(*events[0], {"count"}), 2);
  EXPECT_EQ(text(*events[0], {"firstTimestamp"}), "2026-11-21T00:00:00Z");
  EXPECT_EQ(text(*events[0], {"lastTimestamp"}), "2026-11-21T00:00:10Z");
  clock.advance(std::chrono::hours{2});
  registry.events().expire(std::chrono::hours{1});
  EXPECT_TRUE(store.list(kube::res::kEvents, "").empty());
}

}  // namespace
}  // namespace hitless::control
