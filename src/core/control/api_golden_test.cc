#include <fstream>
#include <map>

#include "testing/api_fixture.h"
#include "testing/source_dir.h"

/// Error bodies recorded from a real kube-apiserver, byte for byte.
namespace hitless::control {
namespace {

/// Case name -> the recorded body. A case is a line "## NAME" and a line "BODY   [CODE] TYPE".
std::map<std::string, std::string> recordedBodies() {
  std::map<std::string, std::string> out;
  std::ifstream file(testing::sourceFile("../shared/golden/error-bodies.txt"));
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) {
      name = line.substr(3);
    } else if (const auto end = line.rfind("   ["); end != std::string::npos) {
      out[name] = line.substr(0, end);
    }
  }
  return out;
}

class ApiGoldenTest : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    recorded_ = recordedBodies();
    if (recorded_.empty()) {
      GTEST_SKIP() << "the recorded error bodies are not on this machine";
    }
    object(201, "POST", kDeployments, {deploymentJson("web")});
    object(201, "POST", "/api/v1/namespaces/default/services",
           {R"({"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}})"});
    object(201, "POST", kMaps, {R"({"metadata":{"name":"uf"},"data":{"a":"b"}})"});
  }

  /// The records leave out kind, apiVersion and metadata.
  void expectRecorded(const std::string& name, const ApiResponse& response) {
    auto status = parse(response.body);
    EXPECT_EQ(kube::text(status, {"kind"}), "Status");
    kube::json::object body;
    for (const auto& [key, value] : status) {
      if (key != "kind" && key != "apiVersion" && key != "metadata") {
        body.emplace(key, value);
      }
    }
    ASSERT_TRUE(recorded_.contains(name)) << name;
    EXPECT_EQ(kube::json::serialize(body), recorded_[name]) << name;
  }

  std::map<std::string, std::string> recorded_;
};

TEST_F(ApiGoldenTest, RequestsThatCannotBeRead) {
  expectRecorded("POST malformed json", call("POST", kDeployments, {R"({"apiVersion":)"}));
  expectRecorded("Accept text/csv", call("GET", kPods, {"", "", "text/csv"}));
  expectRecorded("PATCH CT application/json",
                 call("PATCH", std::string(kMaps) + "/uf", {"{}", "application/json"}));
  expectRecorded("PUT on collection", call("PUT", kPods, {"{}"}));
  // The recorded text also offers protobuf, which is not read here.
  EXPECT_NE(call("POST", kMaps, {"a,b", "text/csv"})
                .body.find("accepted media types include: application/json, application/yaml\""),
            std::string::npos);
}

TEST_F(ApiGoldenTest, ListParameters) {
  const std::string pods = kPods;
  expectRecorded("list RV=abc", call("GET", pods + "?resourceVersion=abc"));
  expectRecorded("unknown field selector", call("GET", pods + "?fieldSelector=spec.foo%3Dx"));
  expectRecorded("field selector on deployments spec",
                 call("GET", std::string(kDeployments) + "?fieldSelector=spec.replicas%3D1"));
  expectRecorded("bad label selector", call("GET", pods + "?labelSelector=a%20inn%20(b)"));
  std::string& future = recorded_["list future RV"];
  const std::string then = "current: 153";
  ASSERT_NE(future.find(then), std::string::npos);
  future.replace(future.find(then), then.size(), "current: " + std::to_string(store.revision()));
  expectRecorded("list future RV", call("GET", pods + "?resourceVersion=99999999"));
}

TEST_F(ApiGoldenTest, StaleWrites) {
  const std::string service = "/api/v1/namespaces/default/services/web";
  auto body = object(200, "GET", service);
  body["metadata"].as_object()["resourceVersion"] = "1";
  expectRecorded("PUT stale resourceVersion", call("PUT", service, {kube::json::serialize(body)}));
  const std::string map = std::string(kMaps) + "/uf";
  expectRecorded("PATCH with stale RV",
                 call("PATCH", map, {R"({"metadata":{"resourceVersion":"1"}})", kMerge}));
  expectRecorded("JSON patch failed test", call("PATCH", map,
                                                {R"([{"op":"test","path":"/data/a","value":"z"}])",
                                                 "application/json-patch+json"}));
}

TEST_F(ApiGoldenTest, InvalidContent) {
  const std::string web = std::string(kDeployments) + "/web";
  expectRecorded("negative replicas via scale",
                 call("PATCH", web + "/scale", {R"({"spec":{"replicas":-1}})", kMerge}));
  expectRecorded(
      "maxSurge=0,maxUnavailable=0",
      call("PATCH", web,
           {R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}}})",
            kMerge}));
  expectRecorded(
      "immutable selector",
      call("PATCH", web, {R"({"spec":{"selector":{"matchLabels":{"x":"y"}}}})", kMerge}));
  expectRecorded("dryRun bad value", call("POST", std::string(kMaps) + "?dryRun=yes",
                                          {R"({"metadata":{"name":"d"}})"}));
  expectRecorded("namespace delete (finalizer)", call("DELETE", "/api/v1/namespaces/kube-public"));
}

}  // namespace
}  // namespace hitless::control
