#include "core/node/pod_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/node/environment.h"
#include "core/node/image.h"
#include "core/node/volume_files.h"

namespace hitless::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

PodSpec specOf(const std::string& text) {
  return podSpecOf(kube::parseJson(text)->as_object());
}

TEST(NodePodSpec, DecodesWhatIsRun) {
  const PodSpec spec = specOf(R"({"metadata":{"name":"p","namespace":"ns","uid":"u"},"spec":{
    "terminationGracePeriodSeconds":5,"restartPolicy":"OnFailure","hostNetwork":true,
    "initContainers":[{"name":"s","image":"i","restartPolicy":"Always"}],
    "containers":[{"name":"c","image":"nginx:1.25","command":["a","b"],"args":["c"],
      "ports":[{"name":"http","containerPort":8080}],
      "livenessProbe":{"httpGet":{"path":"health","port":"http"},"periodSeconds":3},
      "readinessProbe":{"grpc":{"port":9000,"service":"x"}},
      "lifecycle":{"preStop":{"sleep":{"seconds":4}},"postStart":{"exec":{"command":["t"]}}},
      "resources":{"limits":{"cpu":1,"memory":"1Gi"}}}]}})");
  EXPECT_EQ(spec.gracePeriod, 5);
  EXPECT_EQ(spec.restartPolicy, RestartPolicy::kOnFailure);
  EXPECT_TRUE(spec.hostNetwork);
  EXPECT_TRUE(spec.initContainers.at(0).restartAlways);
  const ContainerSpec& container = spec.containers.at(0);
  EXPECT_THAT(container.command, ElementsAre("a", "b"));
  EXPECT_EQ(container.liveness->period, 3);
  EXPECT_EQ(container.liveness->failureThreshold, 3);
  const auto& http = std::get<HttpGetAction>(container.liveness->handler);
  EXPECT_EQ(http.path, "/health");
  EXPECT_EQ(http.port, kube::IntOrString("http"));
  EXPECT_EQ(*container.preStop, Handler(SleepAction{4}));
  EXPECT_EQ(container.readiness->handler, Handler(GrpcAction{9000, "x"}));
  EXPECT_EQ(container.limits.at("cpu"), "1");
}

TEST(NodePodSpec, SurvivesWronglyTypedFields) {
  const PodSpec spec = specOf(R"({"metadata":7,"spec":{"containers":[3,{"name":5,"command":"x",
    "env":{},"livenessProbe":[],"ports":[{"containerPort":70000}]}],"volumes":"no"}})");
  ASSERT_EQ(spec.containers.size(), 1u);
  EXPECT_EQ(spec.containers[0].ports.at(0).containerPort, 0);
}

TEST(NodePodSpec, QosClassFollowsRequestsAndLimits) {
  const auto qos = [](const std::string& resources) {
    return qosClassOf(
        specOf(R"({"spec":{"containers":[{"name":"c","resources":)" + resources + "}]}}"));
  };
  EXPECT_EQ(qos("{}"), "BestEffort");
  EXPECT_EQ(qos(R"({"requests":{"cpu":"1"}})"), "Burstable");
  EXPECT_EQ(qos(R"({"limits":{"cpu":"1","memory":"1Gi"}})"), "Guaranteed");
  EXPECT_EQ(qos(R"({"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}})"), "Burstable");
}

TEST(NodeEnvironment, ExpandsReferencesAsKubernetesDoes) {
  const Environment known{{"A", "1"}, {"B", "x y"}};
  const std::pair<const char*, const char*> cases[] = {
      {"$(A)-$(B)", "1-x y"}, {"$(C)", "$(C)"}, {"$$(A)", "$(A)"}, {"$A", "$A"},
      {"$(A", "$(A"},         {"100$", "100$"}, {"$$$(A)", "$1"},  {"", ""},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(expandVariables(text, known), expected) << text;
  }
}

TEST(NodeEnvironment, DrawsFromEverySource) {
  const PodSpec spec =
      specOf(R"({"metadata":{"name":"p","namespace":"ns","uid":"u","labels":{"app":"web"}},
    "spec":{"containers":[{"name":"c","resources":{"limits":{"memory":"1Gi"}},
    "envFrom":[{"configMapRef":{"name":"cm"},"prefix":"P_"},{"secretRef":{"name":"none","optional":true}}],
    "env":[{"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
           {"name":"APP","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
           {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
           {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
           {"name":"KEY","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},
           {"name":"GONE","valueFrom":{"configMapKeyRef":{"name":"cm","key":"no","optional":true}}},
           {"name":"URL","value":"http://$(IP):$(P_port)/"}]}]}})");
  Sources sources;
  sources.found[{SourceKind::kConfigMap, "cm"}] = {{"port", "80"}, {"bad key", "x"}};
  sources.found[{SourceKind::kSecret, "s"}] = {{"k", "v"}};
  const auto environment =
      environmentOf(spec, spec.containers[0], {"10.1.2.3", "10.0.0.1"}, sources, {{"HOME", "/"}});
  ASSERT_TRUE(environment) << environment.error().text();
  EXPECT_THAT(*environment,
              ElementsAre(Pair("HOME", "/"), Pair("P_port", "80"), Pair("NAME", "p"),
                          Pair("APP", "web"), Pair("IP", "10.1.2.3"), Pair("MEM", "1024"),
                          Pair("KEY", "v"), Pair("URL", "http://10.1.2.3:80/")));
  EXPECT_EQ(sourcesOf(spec).size(), 3u);
  sources.found.erase({SourceKind::kSecret, "s"});
  const auto missing = environmentOf(spec, spec.containers[0], {}, sources, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "secret \"s\" not found");
}

TEST(NodeVolumeFiles, ProjectsSourcesAndStaysInside) {
  const PodSpec spec =
      specOf(R"({"metadata":{"name":"p","labels":{"a":"b \"c\""}},"spec":{"volumes":[
    {"name":"cm","configMap":{"name":"cm","items":[{"key":"k","path":"dir/f","mode":256}]}},
    {"name":"all","projected":{"sources":[{"secret":{"name":"s"}},
       {"downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}},
       {"serviceAccountToken":{"path":"token"}}]}},
    {"name":"out","configMap":{"name":"cm","items":[{"key":"k","path":"../f"}]}},
    {"name":"nfs","nfs":{"server":"x"}},
    {"name":"data","persistentVolumeClaim":{"claimName":"data-db-0"}}]}})");
  Sources sources;
  sources.found[{SourceKind::kConfigMap, "cm"}] = {{"k", "v"}};
  sources.found[{SourceKind::kSecret, "s"}] = {{"pass", "word"}};
  sources.serviceAccountToken = "tok";
  const auto files = [&](std::size_t i) {
    return volumeFiles(spec, std::get<Projected>(spec.volumes[i].source), {}, sources);
  };
  EXPECT_THAT(*files(0), ElementsAre(VolumeFile{"dir/f", "v", 256}));
  EXPECT_THAT(*files(1), ElementsAre(VolumeFile{"pass", "word", 0644},
                                     VolumeFile{"labels", "a=\"b \\\"c\\\"\"", 0644},
                                     VolumeFile{"token", "tok", 0644}));
  EXPECT_FALSE(files(2));
  EXPECT_EQ(spec.volumes[3].source, decltype(Volume::source)(UnsupportedVolume{"nfs"}));
  EXPECT_EQ(spec.volumes[4].source, decltype(Volume::source)(Claim{"data-db-0"}));
}

TEST(NodeSources, DecodesBase64) {
  EXPECT_EQ(decodeBase64("aGVsbG8="), "hello");
  EXPECT_EQ(decodeBase64("aGVs\nbG8h"), "hello!");
  EXPECT_EQ(decodeBase64(""), "");
  EXPECT_EQ(decodeBase64("/+8="), "\xff\xef");
  EXPECT_FALSE(decodeBase64("abc"));
  EXPECT_FALSE(decodeBase64("a=bc"));
  EXPECT_FALSE(decodeBase64("%%%%"));
}

TEST(NodeImage, NamesAProgramADirectoryOrNothing) {
  const ImageLookup lookup{[](std::string_view name) -> std::optional<std::string> {
                             return name == "nginx" ? std::optional<std::string>("/usr/sbin/nginx")
                                                    : std::nullopt;
                           },
                           [](const std::string& path) { return path == "/srv/root"; }};
  const auto launch = [&lookup](const std::string& text) {
    const PodSpec spec = specOf(R"_({"spec":{"containers":[)_" + text + "]}}");
    return resolveImage(spec.containers.at(0), {{"X", "1"}}, lookup);
  };
  EXPECT_THAT(launch(R"_({"image":"docker.io/library/nginx:1.25","args":["-g","$(X)"]
})_")
                  ->argv,
              ElementsAre("/usr/sbin/nginx", "-g", "1"));
  EXPECT_THAT(launch(R"_({"image":"nope","command":["sh","-c"],"args":["$(X)"]
  })_")
                  ->argv,
              ElementsAre("sh", "-c", "1"));
  EXPECT_EQ(launch(R"_({"image":"/srv/root","command":["/app"]})_")->root, "/srv/root");
  const auto unknown = launch(R"_({"image":"ghcr.io/a/web:v1"})_");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text(), HasSubstr("names no program \"web\""));
  EXPECT_THAT(unknown.error().text(), HasSubstr("give the container a command"));
  EXPECT_FALSE(launch(R"_({"image":"/no/such","command":["x"]})_"));
  EXPECT_EQ(programName("localhost:5000/a/b@sha256:0"), "b");
}

}  // namespace
}  // namespace hitless::node
