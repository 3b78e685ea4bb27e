#include "core/proxy/inject/injection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/drain/gate_hook.h"
#include "core/proxy/inject/names.h"

namespace hitless::proxy::inject {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace json = kube::json;
using json::object;

object parse(std::string_view text) {
  return kube::parseJson(text).value().as_object();
}

/// A pod that asks for the proxy, with more annotations (",\"a\":\"b\"") and more of a spec.
object asking(std::string_view annotations = "", std::string_view spec = "",
              std::string_view container = "") {
  return parse(R"({"metadata":{"annotations":{"hitless.io/inject":"true")" +
               std::string(annotations) + R"(}},"spec":{"containers":[{"name":"app")" +
               std::string(container) + "}]" + std::string(spec) + "}}");
}

std::vector<std::string> names(const object& pod, std::string_view list) {
  std::vector<std::string> out;
  const auto* containers = kube::findArray(pod, {"spec", list});
  for (const auto& one : containers == nullptr ? json::array{} : *containers) {
    out.emplace_back(kube::text(one.as_object(), {"name"}));
  }
  return out;
}

object containerOf(const object& pod, std::string_view name) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    const auto* containers = kube::findArray(pod, {"spec", list});
    for (const auto& one : containers == nullptr ? json::array{} : *containers) {
      if (kube::text(one.as_object(), {"name"}) == name) {
        return one.as_object();
      }
    }
  }
  ADD_FAILURE() << "no container " << name;
  return {};
}

/// The arguments of a container, joined by blanks.
std::string args(const object& pod, std::string_view name) {
  std::string out;
  const object container = containerOf(pod, name);
  for (const auto& word : *kube::findArray(container, {"args"})) {
    out += (out.empty() ? "" : " ") + std::string(word.as_string());
  }
  return out;
}

Injection inject(object& pod) {
  return injectSidecar(pod, {});
}

TEST(InjectSidecar, ANativeSidecarComesBeforeAllOthers) {
  object pod =
      asking("", R"(,"initContainers":[{"name":"migrate"}],"terminationGracePeriodSeconds":45)");
  const Injection done = inject(pod);
  EXPECT_TRUE(done.injected);
  EXPECT_THAT(done.warnings, IsEmpty());
  EXPECT_THAT(names(pod, "initContainers"),
              ElementsAre("hitless-redirect", "hitless-proxy", "migrate"));
  EXPECT_THAT(names(pod, "containers"), ElementsAre("app"));
  const object proxy = containerOf(pod, "hitless-proxy");
  EXPECT_EQ(kube::text(proxy, {"restartPolicy"}), "Always");
  EXPECT_EQ(kube::text(proxy, {"startupProbe", "httpGet", "path"}), "/healthz/ready");
  EXPECT_EQ(kube::integer(proxy, {"readinessProbe", "httpGet", "port"}), 15020);
  EXPECT_EQ(kube::integer(proxy, {"securityContext", "runAsUser"}), 1337);
  EXPECT_EQ(args(pod, "hitless-proxy"),
            "proxy sidecar --redirect-port 15006 --drain requests --grace 45s --native");
  EXPECT_EQ(args(pod, "hitless-redirect"), "proxy redirect --inbound-ports all");
  EXPECT_THAT(json::serialize(containerOf(pod, "hitless-redirect")),
              HasSubstr(R"("add":["NET_ADMIN"])"));
}

TEST(InjectSidecar, AnOrdinarySidecarComesLastOrFirst) {
  object pod =
      asking(R"(,"hitless.io/sidecar":"container")", R"(,"initContainers":[{"name":"migrate"}])");
  inject(pod);
  EXPECT_THAT(names(pod, "initContainers"), ElementsAre("migrate", "hitless-redirect"));
  EXPECT_THAT(names(pod, "containers"), ElementsAre("app", "hitless-proxy"));
  const object proxy = containerOf(pod, "hitless-proxy");
  EXPECT_FALSE(proxy.contains("restartPolicy"));
  EXPECT_EQ(args(pod, "hitless-proxy"),
            "proxy sidecar --redirect-port 15006 --drain requests --grace 30s");
  object held = asking(R"(,"hitless.io/sidecar":"container","hitless.io/hold-application":"true")");
  inject(held);
  EXPECT_THAT(names(held, "containers"), ElementsAre("hitless-proxy", "app"));
}

TEST(InjectSidecar, AnnotationsSayWhatItTakesAndHowItEnds) {
  object pod =
      asking(R"(,"hitless.io/drain":"fixed:5s","hitless.io/include-inbound-ports":"80,8080",
      "hitless.io/exclude-inbound-ports":"8080","hitless.io/include-outbound-ports":"*",
      "hitless.io/exclude-outbound-ports":"5432","hitless.io/access-log":"json",
      "hitless.io/proxy-image":"registry.example/hitless:1")");
  EXPECT_THAT(inject(pod).warnings, IsEmpty());
  EXPECT_EQ(
      args(pod, "hitless-proxy"),
      "proxy sidecar --redirect-port 15006 --drain fixed:5s --grace 30s --outbound-port 15001 "
      "--access-log json --native");
  EXPECT_EQ(args(pod, "hitless-redirect"),
            "proxy redirect --inbound-ports 80,8080 --exclude-inbound-ports 8080 --outbound-ports "
            "all --exclude-outbound-ports 5432");
  EXPECT_EQ(kube::text(containerOf(pod, "hitless-redirect"), {"image"}),
            "registry.example/hitless:1");
}

TEST(InjectSidecar, WhoGetsIt) {
  const auto injected = [](object pod, const char* ns, bool byDefault = false) {
    const object around = parse(ns);
    return injectSidecar(pod, {"hitless", &around, byDefault}).injected;
  };
  const object plain = parse(R"({"spec":{"containers":[{"name":"app"}]}})");
  const object refusing = parse(
      R"({"metadata":{"labels":{"hitless.io/inject":"false"}},"spec":{"containers":[{"name":"app"}]}})");
  const char* none = "{}";
  const char* enabled = R"({"metadata":{"labels":{"hitless-injection":"enabled"}}})";
  EXPECT_FALSE(injected(plain, none));
  EXPECT_TRUE(injected(plain, enabled));
  EXPECT_TRUE(injected(plain, R"({"metadata":{"labels":{"hitless.io/inject":"true"}}})"));
  EXPECT_FALSE(injected(plain, R"({"metadata":{"labels":{"istio-injection":"enabled"}}})"));
  EXPECT_TRUE(injected(plain, none, true));
  EXPECT_TRUE(injected(asking(), none));
  EXPECT_FALSE(injected(refusing, enabled));
  EXPECT_FALSE(injected(refusing, none, true));
}

TEST(InjectSidecar, LeavesOutWhereItCannotWork) {
  const auto refused = [](std::string_view spec, std::string_view container = "") {
    object pod = asking("", spec, container);
    const object before = pod;
    const Injection done = inject(pod);
    EXPECT_FALSE(done.injected);
    EXPECT_EQ(pod, before);
    return done.warnings.empty() ? std::string() : done.warnings.front();
  };
  EXPECT_THAT(refused(R"(,"hostNetwork":true)"), HasSubstr("hostNetwork"));
  EXPECT_THAT(refused(R"(,"os":{"name":"windows"})"), HasSubstr("Windows"));
  EXPECT_THAT(refused(R"(,"initContainers":[{"name":"istio-proxy"}])"), HasSubstr("istio-proxy"));
  EXPECT_THAT(refused(R"(,"initContainers":[{"name":"hitless-proxy"}])"), HasSubstr("already"));
  for (
      const char* text :
      {R"({"metadata":7,"spec":{"containers":[{}]}})", R"({"spec":{"containers":[]}})",
       R"({"spec":{"containers":7}})", R"({"spec":[]})", "{}",
       R"({"metadata":{"annotations":[]},"spec":{"containers":[{}]}})",
       R"({"spec":{"containers":[{}],"initContainers":"x"}})",
       R"({"metadata":{"annotations":{"kubernetes.io/config.mirror":"h"}},"spec":{"containers":[{}]}})"}) {
    object pod = parse(text);
    EXPECT_FALSE(injectSidecar(pod, {"hitless", nullptr, true}).injected) << text;
    EXPECT_EQ(pod, parse(text));
  }
}

TEST(InjectSidecar, WarnsOfWhatWillSurprise) {
  const auto warning = [](std::string_view annotations, std::string_view spec = "",
                          std::string_view container = "") {
    object pod = asking(annotations, spec, container);
    const Injection done = inject(pod);
    EXPECT_TRUE(done.injected);
    return done.warnings.size() == 1 ? done.warnings.front() : std::to_string(done.warnings.size());
  };
  EXPECT_EQ(warning(""), "0");
  EXPECT_THAT(warning("", "", R"(,"ports":[{"containerPort":15006}])"), HasSubstr("cannot start"));
  EXPECT_THAT(warning("", "", R"(,"ports":[{"containerPort":15050}])"),
              HasSubstr("pass the proxy by"));
  EXPECT_THAT(warning(R"(,"hitless.io/drain":"fixed:30s")"), HasSubstr("raise"));
  EXPECT_THAT(
      warning(R"(,"hitless.io/drain":"zero-connections")", R"(,"terminationGracePeriodSeconds":5)"),
      HasSubstr("raise"));
  EXPECT_THAT(warning("", R"(,"terminationGracePeriodSeconds":0)"), HasSubstr("killed at once"));
  EXPECT_THAT(warning(R"(,"hitless.io/sidecar":"container")", R"(,"restartPolicy":"Never")"),
              HasSubstr("use \"native\""));
  EXPECT_THAT(warning(R"(,"hitless.io/drain":"later")"), HasSubstr("it counts as absent"));
  EXPECT_THAT(warning(R"(,"hitless.io/sidecar":"both")"), HasSubstr("the proxy is native"));
  EXPECT_THAT(warning(R"(,"hitless.io/include-inbound-ports":"http")"), HasSubstr("is no port"));
  EXPECT_THAT(warning(R"(,"hitless.io/access-log":"loud")"), HasSubstr("access-log"));
  EXPECT_THAT(warning(R"(,"hitless.io/hold-application":"yes")"), HasSubstr("nothing is held"));
}

TEST(InjectSidecar, ProbesOfTcpAskTheProxyToTry) {
  object pod = asking(R"(,"hitless.io/exclude-inbound-ports":"9000")", "", R"(,
      "ports":[{"name":"web","containerPort":8080}],
      "livenessProbe":{"tcpSocket":{"port":"web"},"periodSeconds":3},
      "readinessProbe":{"httpGet":{"port":8080,"path":"/ok"}},
      "startupProbe":{"tcpSocket":{"port":9000}})");
  const object before = pod;
  inject(pod);
  const object app = containerOf(pod, "app");
  EXPECT_EQ(app.at("livenessProbe"),
            parse(R"({"httpGet":{"path":"/healthz/tcp/8080","port":15020,"scheme":"HTTP"},
                      "periodSeconds":3})"));
  EXPECT_EQ(app.at("readinessProbe"), parse(R"({"httpGet":{"port":8080,"path":"/ok"}})"))
      << "the application answers through the proxy";
  EXPECT_EQ(app.at("startupProbe"), parse(R"({"tcpSocket":{"port":9000}})")) << "passes it by";
  EXPECT_TRUE(removeSidecar(pod));
  EXPECT_EQ(pod, before);
}

TEST(InjectSidecar, TheGateHoldsAnOrdinarySidecarAndTellsIt) {
  object pod = asking(R"(,"hitless.io/sidecar":"container")");
  inject(pod);
  tellOfGate(pod);
  EXPECT_EQ(args(pod, "hitless-proxy").find("--gated"), std::string::npos);
  EXPECT_THAT(drain::injectGate(pod, {}, "x7").injected, ElementsAre("app", "hitless-proxy"));
  tellOfGate(pod);
  tellOfGate(pod);
  EXPECT_EQ(args(pod, "hitless-proxy"),
            "proxy sidecar --redirect-port 15006 --drain requests --grace 30s --gated");
  const object once = pod;
  EXPECT_TRUE(inject(pod).injected);
  drain::injectGate(pod, {}, "another");
  tellOfGate(pod);
  EXPECT_EQ(pod, once) << "applied again";
}

TEST(InjectSidecar, TheGateLeavesANativeSidecarAlone) {
  object pod = asking();
  inject(pod);
  EXPECT_THAT(drain::injectGate(pod, {}, "x7").injected, ElementsAre("app"));
  const object gated = pod;
  tellOfGate(pod);
  EXPECT_EQ(pod, gated);
}

TEST(RemoveSidecar, NeedsOurRecord) {
  for (const char* text :
       {"{}", R"({"metadata":{"annotations":{"hitless.io/injected":7}}})",
        R"({"metadata":{"annotations":{"hitless.io/injected":"nonsense"}},"spec":{}})",
        R"({"metadata":{"annotations":{"hitless.io/injected":"{\"probes\":[7]}"}},"spec":{}})",
        R"({"metadata":{"annotations":{"hitless.io/injected":"{}"}},"spec":7})"}) {
    object pod = parse(text);
    EXPECT_FALSE(removeSidecar(pod)) << text;
    EXPECT_EQ(pod, parse(text));
  }
}

rc::Gen<json::value> optional(std::vector<const char*> texts) {
  return rc::gen::map(rc::gen::elementOf(std::move(texts)),
                      [](const char* text) { return kube::parseJson(text).value(); });
}

/// Puts one of the values at a key, or, for the string "absent", nothing.
void put(object& holder, std::string_view key, std::vector<const char*> texts) {
  texts.push_back("\"absent\"");
  json::value value = *optional(std::move(texts));
  if (value != "absent") {
    holder[key] = std::move(value);
  }
}

object randomContainer(const std::string& name) {
  object out{{"name", name}};
  put(out, "livenessProbe",
      {R"({"tcpSocket":{"port":80}})", R"({"tcpSocket":{"port":"web"}})", "null",
       R"({"tcpSocket":{"port":"gone"}})", R"({"tcpSocket":{"port":80,"host":"h"}})"});
  put(out, "readinessProbe",
      {R"({"tcpSocket":{"port":15020}})", R"({"httpGet":{"port":80}})", "7"});
  put(out, "ports", {R"([{"name":"web","containerPort":8080}])", "[]", "[null,1]", "null"});
  put(out, "lifecycle", {R"({"preStop":{"sleep":{"seconds":1}}})", "{}"});
  return out;
}

object randomPod() {
  object pod{{"spec", object{}}};
  object& spec = pod["spec"].as_object();
  json::array& containers = spec["containers"].emplace_array();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    containers.push_back(randomContainer("c" + std::to_string(i)));
  }
  put(spec, "initContainers",
      {"null", "[]", R"([{"name":"i"}])", R"([{"name":"i","restartPolicy":"Always"},7])"});
  put(spec, "terminationGracePeriodSeconds", {"0", "3", "60"});
  put(pod, "metadata",
      {"null", "{}", R"({"annotations":null})", R"({"annotations":{}})", R"({"labels":{"a":"b"}})",
       R"({"annotations":{"hitless.io/sidecar":"container"}})",
       R"({"annotations":{"hitless.io/sidecar":"container","hitless.io/hold-application":"true"}})",
       R"({"annotations":{"hitless.io/exclude-inbound-ports":"80","x":"y"}})"});
  return pod;
}

RC_GTEST_PROP(RemoveSidecar, GivesBackExactlyWhatWas, ()) {
  const object original = randomPod();
  object pod = original;
  RC_ASSERT(injectSidecar(pod, {"hitless", nullptr, true}).injected);
  RC_ASSERT(pod != original);
  object again = pod;
  RC_ASSERT(injectSidecar(again, {"other", nullptr, true}).injected);
  RC_ASSERT(again == pod);
  RC_ASSERT(removeSidecar(pod));
  RC_ASSERT(pod == original);
  RC_ASSERT(!removeSidecar(pod));
}

}  // namespace
}  // namespace hitless::proxy::inject
