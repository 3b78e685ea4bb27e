#include "core/proxy/inject/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kube/yaml.h"

namespace hitless::proxy::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kApp = R"(# How the shop is reached.
apiVersion: v1
kind: Service   # kept as it is
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: web, image: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: last}
data: {a: "yes"}
)";

Injected run(std::string_view text, ManifestOptions options = {}) {
  auto out = injectInto(text, "app.yaml", options);
  EXPECT_TRUE(out) << out.error().text();
  return out.value_or(Injected{});
}

std::vector<kube::json::value> values(std::string_view text) {
  std::vector<kube::json::value> out;
  auto parsed = kube::parseYaml(text, "out.yaml");
  EXPECT_TRUE(parsed) << parsed.error().text();
  for (auto& document : parsed.value_or(std::vector<kube::YamlDocument>{})) {
    out.push_back(std::move(document.value));
  }
  return out;
}

TEST(InjectManifest, GivesWorkloadsTheProxyAndKeepsTheRest) {
  const Injected out = run(kApp);
  EXPECT_EQ(out.changed, 1U);
  EXPECT_THAT(out.text, StartsWith(kApp.substr(0, kApp.find("apiVersion: apps"))));
  EXPECT_THAT(out.text, HasSubstr(kApp.substr(kApp.rfind("---"))));
  EXPECT_THAT(out.text, HasSubstr("      - name: hitless-redirect\n        image: hitless\n"));
  EXPECT_EQ(values(out.text).size(), 3U);
}

TEST(InjectManifest, TakesItOutAgain) {
  const Injected back = run(run(kApp).text, {"hitless", true, false});
  EXPECT_EQ(back.changed, 1U);
  EXPECT_EQ(values(back.text), values(kApp));
  EXPECT_EQ(run(kApp, {"hitless", true, false}).text, kApp) << "nothing to take out";
}

TEST(InjectManifest, IsMadeAnew) {
  const Injected once = run(kApp);
  const Injected twice = run(once.text);
  EXPECT_EQ(twice.changed, 0U);
  EXPECT_EQ(twice.text, once.text);
  const Injected other = run(once.text, {"registry/hitless:2", false, false});
  EXPECT_EQ(other.changed, 1U);
  EXPECT_THAT(other.text, HasSubstr("image: registry/hitless:2"));
}

TEST(InjectManifest, KnowsEveryWorkload) {
  const std::string pod = R"({"spec":{"containers":[{"name":"a"}]}})";
  const std::vector<std::pair<std::string, std::string>> workloads = {
      {"v1", "ReplicationController"},
      {"apps/v1", "ReplicaSet"},
      {"apps/v1", "StatefulSet"},
      {"apps/v1", "DaemonSet"},
      {"batch/v1", "Job"}};
  for (const auto& [version, kind] : workloads) {
    EXPECT_EQ(run(R"({"apiVersion":")" + version + R"(","kind":")" + kind +
                  R"(","spec":{"template":)" + pod + "}}")
                  .changed,
              1U)
        << kind;
  }
  EXPECT_EQ(
      run(R"({"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":)" +
          pod + "}}}}")
          .changed,
      1U);
  const std::string one = R"({"apiVersion":"v1","kind":"Pod",)" + pod.substr(1);
  EXPECT_EQ(run(one).changed, 1U);
  EXPECT_EQ(run(R"({"apiVersion":"v1","kind":"List","items":[)" + one + "," + one + "]}").changed,
            2U);
  EXPECT_EQ(
      run(R"({"apiVersion":"serving.knative.dev/v1","kind":"Deployment","spec":{"template":)" +
          pod + "}}")
          .changed,
      0U);
}

TEST(InjectManifest, WritesJson) {
  const auto out = kube::parseJson(run(kApp, {"hitless", false, true}).text);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->at("kind"), "List");
  EXPECT_EQ(out->at("items").as_array().size(), 3U);
}

TEST(InjectManifest, SaysWhereSomethingIsWrong) {
  const auto error = [](std::string_view text) {
    const auto out = injectInto(text, "app.yaml", {});
    return out ? "no error" : out.error().text();
  };
  EXPECT_THAT(error("a: ["), StartsWith("app.yaml:"));
  EXPECT_EQ(error("kind: Pod\napiVersion: v1\n---\n\nkind: Pod\n"),
            "app.yaml:5: not a Kubernetes object: apiVersion and kind must be set");
  EXPECT_THAT(run("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
                  "spec: {hostNetwork: true, containers: [{name: a}]}\n")
                  .warnings,
              ElementsAre(StartsWith("app.yaml:1: Pod p: the pod is in its node's network")));
}

TEST(InjectManifest, ReadsOddStreams) {
  for (const char* text : {"", "---\n", "---\n---\n", "# only a comment\n", "...\n"}) {
    EXPECT_EQ(run(text).changed, 0U) << text;
  }
  EXPECT_EQ(values(run("--- {apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}\n---\n"
                       "apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n    ---\n    y\n")
                       .text)
                .size(),
            2U);
}

}  // namespace
}  // namespace hitless::proxy::inject
