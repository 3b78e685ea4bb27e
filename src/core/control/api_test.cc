#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::text;

class ApiTest : public ApiFixture {};

TEST_F(ApiTest, CreateFillsInWhatTheServerKnows) {
  const auto created =
      object(201, "POST", kMaps, {R"({"metadata":{"generateName":"gen-"},"data":{"a":"b"}})"});
  EXPECT_EQ(text(created, {"kind"}), "ConfigMap");
  EXPECT_EQ(text(created, {"apiVersion"}), "v1");
  EXPECT_EQ(text(created, {"metadata", "namespace"}), "default");
  EXPECT_EQ(nameOf(created).size(), 9U);
  EXPECT_EQ(nameOf(created).substr(0, 4), "gen-");
  EXPECT_EQ(uidOf(created).size(), 36U);
  EXPECT_EQ(text(created, {"metadata", "creationTimestamp"}), "2026-11-21T00:00:00Z");
  EXPECT_EQ(revisionOf(created), store.revision());
  EXPECT_EQ(kube::find(created, {"metadata", "generation"}), nullptr);
  EXPECT_EQ(kube::integer(object(201, "POST", kDeployments, {deploymentJson("web")}),
                          {"metadata", "generation"}),
            1);
}

TEST_F(ApiTest, WritesThatChangeNothingKeepTheRevision) {
  object(201, "POST", kMaps, {R"({"metadata":{"name":"m"},"data":{"a":"b"}})"});
  const std::uint64_t before = store.revision();
  const std::string path = std::string(kMaps) + "/m";
  object(200, "PUT", path, {R"({"metadata":{"name":"m"},"data":{"a":"b"}})"});
  object(200, "PATCH", path, {R"({"data":{"a":"b"}})", kMerge});
  object(200, "PATCH", path, {"[]", "application/json-patch+json"});
  EXPECT_EQ(store.revision(), before);
  object(200, "PATCH", path, {R"({"data":{"a":"c"}})", kMerge});
  EXPECT_EQ(store.revision(), before + 1);
}

TEST_F(ApiTest, StatusAndSpecAreWrittenApart) {
  runningPod("p");
  const std::string path = std::string(kPods) + "/p";
  object(200, "PATCH", path, {R"({"status":{"phase":"Running"}})", kMerge});
  EXPECT_EQ(text(object(200, "GET", path), {"status", "phase"}), "Pending");
  const auto status = object(200, "PATCH", path + "/status",
                             {R"({"metadata":{"labels":{"app":"no"}},"spec":{"nodeName":"no"},
                                  "status":{"phase":"Running","podIP":"10.0.0.1"}})",
                              kStrategic});
  EXPECT_EQ(text(status, {"status", "phase"}), "Running");
  EXPECT_EQ(text(status, {"metadata", "labels", "app"}), "web");
  EXPECT_EQ(text(status, {"spec", "nodeName"}), "n");
}

TEST_F(ApiTest, GenerationCountsChangesOfTheDesiredState) {
  object(201, "POST", kDeployments, {deploymentJson("web")});
  const std::string path = std::string(kDeployments) + "/web";
  const auto generation = [&](std::string_view target, const char* patch) {
    return kube::integer(object(200, "PATCH", target, {patch, kMerge}), {"metadata", "generation"});
  };
  EXPECT_EQ(generation(path + "/status", R"({"status":{"replicas":1}})"), 1);
  EXPECT_EQ(generation(path, R"({"metadata":{"labels":{"x":"y"}}})"), 1);
  EXPECT_EQ(generation(path, R"({"spec":{"replicas":5}})"), 2);
}

TEST_F(ApiTest, DryRunWritesNothing) {
  const std::uint64_t before = store.revision();
  const auto dry =
      object(201, "POST", std::string(kMaps) + "?dryRun=All", {R"({"metadata":{"name":"d"}})"});
  EXPECT_EQ(kube::find(dry, {"metadata", "resourceVersion"}), nullptr);
  EXPECT_NE(uidOf(dry), "");
  runningPod("p");
  const std::uint64_t later = store.revision();
  object(200, "DELETE", std::string(kPods) + "/p?dryRun=All");
  object(200, "PATCH", std::string(kPods) + "/p?dryRun=All",
         {R"({"metadata":{"labels":{"a":"b"}}})", kMerge});
  EXPECT_EQ(store.revision(), later);
  EXPECT_GT(later, before);
  EXPECT_EQ(store.get(kube::res::kConfigMaps, "default", "d"), nullptr);
}

TEST_F(ApiTest, UnknownFieldsAreRefusedReportedOrDropped) {
  const Sent body{
      R"({"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i","foo":1}],"bar":2}})"};
  const ApiResponse strict = call("POST", std::string(kPods) + "?fieldValidation=Strict", body);
  EXPECT_EQ(strict.status, 400);
  EXPECT_NE(strict.body.find("strict decoding error: unknown field \\\"spec."), std::string::npos)
      << strict.body;
  const ApiResponse warned = call("POST", std::string(kPods) + "?dryRun=All", body);
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.warnings.size(), 2U);
  EXPECT_EQ(warned.body.find("\"foo\""), std::string::npos);
  EXPECT_TRUE(call("POST", std::string(kPods) + "?fieldValidation=Ignore", body).warnings.empty());
}

TEST_F(ApiTest, YamlBodiesKeepTheirStrings) {
  const auto created =
      object(201, "POST", kMaps,
             {"metadata: {name: y}\ndata:\n  a: \"yes\"\n  b: '010'\n", "application/yaml"});
  EXPECT_EQ(text(created, {"data", "a"}), "yes");
  EXPECT_EQ(text(created, {"data", "b"}), "010");
  EXPECT_EQ(
      call("POST", kMaps, {"metadata: {name: z}\ndata: {a: yes}\n", "application/yaml"}).status,
      400);
}

TEST_F(ApiTest, ApplyCreatesThenUpdatesThenConflicts) {
  const std::string path = std::string(kMaps) + "/a";
  const auto apply = [&](std::string_view query, std::string_view data) {
    return call("PATCH", path + std::string(query),
                {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: " +
                     std::string(data) + "}\n",
                 "application/apply-patch+yaml"});
  };
  EXPECT_EQ(apply("", "one").status, 422);
  EXPECT_EQ(apply("?fieldManager=me", "one").status, 201);
  const std::uint64_t before = store.revision();
  EXPECT_EQ(apply("?fieldManager=me", "one").status, 200);
  EXPECT_EQ(store.revision(), before);
  const ApiResponse conflict = apply("?fieldManager=you", "two");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_NE(conflict.body.find("FieldManagerConflict"), std::string::npos) << conflict.body;
  EXPECT_EQ(text(parse(apply("?fieldManager=you&force=true", "two").body), {"data", "k"}), "two");
}

TEST_F(ApiTest, NothingIsCreatedInNamespacesThatAreMissingOrGoing) {
  EXPECT_EQ(call("POST", "/api/v1/namespaces/nope/pods", {podJson("p")}).body.find("not found") ==
                std::string::npos,
            false);
  object(201, "POST", "/api/v1/namespaces", {R"({"metadata":{"name":"going"}})"});
  EXPECT_NE(store.get(kube::res::kServiceAccounts, "going", "default"), nullptr);
  const auto deleted = object(200, "DELETE", "/api/v1/namespaces/going");
  EXPECT_EQ(text(deleted, {"status", "phase"}), "Terminating");
  const ApiResponse refused = call("POST", "/api/v1/namespaces/going/pods", {podJson("p")});
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("NamespaceTerminating"), std::string::npos);
  object(200, "PUT", "/api/v1/namespaces/going/finalize",
         {R"({"metadata":{"name":"going"},"spec":{"finalizers":[]}})"});
  EXPECT_EQ(store.get(kube::res::kNamespaces, "", "going"), nullptr);
}

TEST_F(ApiTest, ScaleReadsAndWritesReplicas) {
  object(201, "POST", kDeployments, {deploymentJson("web")});
  const std::string path = std::string(kDeployments) + "/web/scale";
  const auto scale = object(200, "GET", path);
  EXPECT_EQ(text(scale, {"kind"}), "Scale");
  EXPECT_EQ(text(scale, {"status", "selector"}), "app=web");
  EXPECT_EQ(kube::integer(object(200, "PATCH", path, {R"({"spec":{"replicas":4}})", kMerge}),
                          {"spec", "replicas"}),
            4);
  EXPECT_EQ(
      kube::integer(*store.get(kube::res::kDeployments, "default", "web"), {"spec", "replicas"}),
      4);
  json::object stale = scale;
  EXPECT_EQ(call("PUT", path, {json::serialize(stale)}).status, 409);
}

TEST_F(ApiTest, BindingAssignsOnce) {
  runningPod("p");
  const auto pod = store.get(kube::res::kPods, "default", "p");
  EXPECT_EQ(text(*pod, {"spec", "nodeName"}), "n");
  EXPECT_NE(json::serialize(*pod).find("PodScheduled"), std::string::npos);
  const ApiResponse again =
      call("POST", std::string(kPods) + "/p/binding", {R"({"target":{"name":"m"}})"});
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.body.find("already assigned to node"), std::string::npos);
}

TEST_F(ApiTest, PodsGetServiceAccountPriorityAndQos) {
  const auto pod = object(201, "POST", kPods, {podJson("p")});
  EXPECT_EQ(text(pod, {"spec", "serviceAccountName"}), "default");
  EXPECT_EQ(kube::integer(pod, {"spec", "priority"}, -1), 0);
  EXPECT_EQ(text(pod, {"status", "qosClass"}), "BestEffort");
  EXPECT_EQ(text(pod, {"status", "phase"}), "Pending");
}

TEST_F(ApiTest, TokenIsNeededWhereThereIsOne) {
  Api guarded(registry, {"secret", ""});
  const auto status = [&](std::string_view path, const char* authorization) {
    ApiRequest request;
    request.method = "GET";
    setTarget(request, path);
    request.authorization = authorization;
    return std::get<ApiResponse>(guarded.handle(request)).status;
  };
  EXPECT_EQ(status(kPods, ""), 401);
  EXPECT_EQ(status(kPods, "Bearer wrong"), 401);
  EXPECT_EQ(status(kPods, "Bearer secret"), 200);
  EXPECT_EQ(status("/readyz", ""), 200);
  EXPECT_EQ(status("/api", ""), 401);
}

TEST_F(ApiTest, ListsAtAnOlderRevisionComeFromTheHistory) {
  object(201, "POST", kMaps, {R"({"metadata":{"name":"a"},"data":{"k":"1"}})"});
  object(201, "POST", kMaps, {R"({"metadata":{"name":"b"}})"});
  const std::string then = std::to_string(store.revision());
  object(200, "PATCH", std::string(kMaps) + "/a", {R"({"data":{"k":"2"}})", kMerge});
  object(200, "DELETE", std::string(kMaps) + "/b");
  object(201, "POST", kMaps, {R"({"metadata":{"name":"c"}})"});
  const auto old = object(
      200, "GET", std::string(kMaps) + "?resourceVersionMatch=Exact&resourceVersion=" + then);
  EXPECT_EQ(text(old, {"metadata", "resourceVersion"}), then);
  const auto& items = old.at("items").as_array();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(text(items[0].as_object(), {"data", "k"}), "1");
  EXPECT_EQ(nameOf(items[1].as_object()), "b");
}

TEST_F(ApiTest, AnyPathAndBodyGetsAnAnswer) {
  const std::string good = "/apis/apps/v1/namespaces/default/deployments/web/scale?x=%20&y";
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"}) {
    for (std::size_t at = 0; at <= good.size(); ++at) {
      for (const char* body : {"", "{", "[]", "null", "{\"metadata\":7,\"spec\":[]}", "\xff\xfe"}) {
        const int status = call(method, good.substr(0, at), {body}).status;
        EXPECT_TRUE(status >= 200 && status < 600);
      }
    }
  }
}

}  // namespace
}  // namespace hitless::control
