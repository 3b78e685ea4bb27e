#include "core/webhook/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/kube/base64.h"
#include "core/kube/patch.h"
#include "core/webhook/json_diff.h"
#include "testing/fake_rng.h"

namespace hitless::webhook {
namespace {

using kube::json::object;
using kube::json::value;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

value parse(const std::string& text) {
  return kube::parseJson(text).value();
}

class ReviewTest : public ::testing::Test {
 protected:
  void namespaceIs(const std::string& metadata) {
    namespaces.apply(
        {watch::Update::Kind::kFull,
         {{watch::ChangeType::kUpsert,
           std::make_shared<const object>(parse(R"({"metadata":)" + metadata + "}").as_object())}},
         1});
  }
  std::string question(const std::string& pod, const std::string& more = "") {
    return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",
        "kind":{"group":"","version":"v1","kind":"Pod"},
        "resource":{"group":"","version":"v1","resource":"pods"},
        "namespace":"shop","operation":"CREATE","userInfo":{"username":"me"},"dryRun":false)" +
           more + R"(,"object":)" + pod + "}}";
  }
  Answer ask(const std::string& body) { return review(body, {namespaces, minor}, rng); }
  object response(const std::string& pod) {
    const Answer answer = ask(question(pod));
    EXPECT_EQ(answer.status, 200);
    const value body = parse(answer.body);
    EXPECT_EQ(body.at("apiVersion"), "admission.k8s.io/v1");
    EXPECT_EQ(body.at("kind"), "AdmissionReview");
    EXPECT_EQ(body.at("response").at("uid"), "u-1");
    EXPECT_EQ(body.at("response").at("allowed"), true) << "we never forbid a pod";
    return body.at("response").as_object();
  }
  /// The pod as the API server goes on with it.
  value patched(const std::string& pod, const object& response) {
    const auto patch = kube::base64Decode(kube::text(response, {"patch"}));
    EXPECT_EQ(kube::text(response, {"patchType"}), "JSONPatch");
    return kube::applyJsonPatch(parse(pod), parse(patch.value())).value();
  }

  Namespaces namespaces;
  unsigned minor = 36;
  hitless::testing::FakeRng rng;
};

const std::string kPod =
    R"({"metadata":{"generateName":"web-","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}})";

TEST_F(ReviewTest, PatchesTheHookAndTheIdIn) {
  const object answer = response(kPod);
  const value pod = patched(kPod, answer);
  const std::string id(pod.at("metadata").at("annotations").at("hitless.io/gate").get_string());
  EXPECT_THAT(id, SizeIs(32));
  EXPECT_EQ(pod.at("spec").at("containers").at(0).at("lifecycle"),
            parse(R"({"preStop":{"httpGet":{"host":"127.0.0.1","port":9470,"path":"/v1/gate/)" +
                  id + R"(","scheme":"HTTP"}}})"));
  EXPECT_EQ(pod.at("metadata").at("generateName"), "web-");
  EXPECT_FALSE(answer.contains("warnings"));
}

TEST_F(ReviewTest, OneAnswerHasTheProxyAndTheGateThatHoldsIt) {
  const std::string asking =
      R"({"metadata":{"annotations":{"hitless.io/inject":"true","hitless.io/sidecar":"container"}},
          "spec":{"containers":[{"name":"c","image":"i"}]}})";
  const value pod = patched(asking, response(asking));
  const auto& containers = pod.at("spec").at("containers").as_array();
  ASSERT_THAT(containers, SizeIs(2));
  EXPECT_EQ(containers[1].at("name"), "hitless-proxy");
  EXPECT_EQ(containers[1].at("image"), "hitless");
  EXPECT_EQ(containers[1].at("args").as_array().back(), "--gated");
  EXPECT_EQ(containers[0].at("lifecycle"), containers[1].at("lifecycle"));
  EXPECT_EQ(pod.at("spec").at("initContainers").at(0).at("name"), "hitless-redirect");
  EXPECT_FALSE(response(kube::json::serialize(pod)).contains("patch")) << "asked again";
}

TEST_F(ReviewTest, NamespacesAskForTheProxy) {
  namespaceIs(R"({"name":"shop","labels":{"hitless-injection":"enabled"}})");
  const value pod = patched(kPod, response(kPod));
  EXPECT_EQ(pod.at("spec").at("initContainers").at(1).at("name"), "hitless-proxy");
}

TEST_F(ReviewTest, AnsweringAgainChangesNothing) {
  const value once = patched(kPod, response(kPod));
  EXPECT_FALSE(response(kube::json::serialize(once)).contains("patch"));
}

TEST_F(ReviewTest, EachPodHasAnIdOfItsOwn) {
  EXPECT_NE(patched(kPod, response(kPod)), patched(kPod, response(kPod)));
}

TEST_F(ReviewTest, WarnsOfHooksThatItKeeps) {
  const object answer = response(
      R"({"spec":{"containers":[{"name":"c","lifecycle":{"preStop":{"sleep":{"seconds":9}}}}]}})");
  ASSERT_THAT(answer.at("warnings").as_array(), SizeIs(1));
  const std::string warning(answer.at("warnings").at(0).get_string());
  EXPECT_THAT(warning, HasSubstr("container c has a preStop hook of its own"));
  EXPECT_THAT(warning, HasSubstr("docs/gate.md")) << "all of it";
  EXPECT_LE(warning.size(), 256U) << "the API server shows no more";
}

TEST_F(ReviewTest, FollowsItsNamespaces) {
  EXPECT_FALSE(namespaces.synced());
  namespaceIs(R"({"name":"shop","labels":{"hitless.io/gate":"off"}})");
  EXPECT_TRUE(namespaces.synced());
  EXPECT_EQ(ask(question(kPod)).outcome, Outcome::kUnchanged);
  namespaceIs(R"({"name":"shop","labels":{"pod-security.kubernetes.io/enforce":"baseline"}})");
  EXPECT_EQ(ask(question(kPod)).outcome, Outcome::kUnchanged);
  EXPECT_TRUE(response(kPod).contains("warnings"));
  minor = 33;
  EXPECT_EQ(ask(question(kPod)).outcome, Outcome::kPatched);
  namespaceIs(R"({"name":"other","labels":{"hitless.io/gate":"off"}})");
  EXPECT_EQ(ask(question(kPod)).outcome, Outcome::kPatched);
}

TEST_F(ReviewTest, ADryRunIsAnsweredAsAnyOther) {
  EXPECT_EQ(ask(question(kPod, R"(,"dryRun":true)")).outcome, Outcome::kPatched);
}

TEST_F(ReviewTest, AllowsWhatItShouldNotHaveBeenAsked) {
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {"\"CREATE\"", "\"UPDATE\""},
           {"\"resource\":\"pods\"", "\"resource\":\"services\""},
           {"\"namespace\"", "\"subResource\":\"eviction\",\"namespace\""},
           {"\"object\":{", "\"oldObject\":{"}}) {
    std::string body = question(kPod);
    body.replace(body.find(from), from.size(), to);
    const Answer answer = ask(body);
    EXPECT_EQ(answer.outcome, Outcome::kForeign) << from;
    EXPECT_EQ(parse(answer.body).at("response").at("allowed"), true);
    EXPECT_FALSE(parse(answer.body).at("response").as_object().contains("patch"));
  }
}

TEST_F(ReviewTest, RefusesWhatIsNoReview) {
  for (const char* body :
       {"", "nonsense", "[]", "7", "{}",
        R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"})",
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})",
        R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":7}})",
        R"({"apiVersion":"v1","kind":"Pod","request":{"uid":"u"}})"}) {
    const Answer answer = ask(body);
    EXPECT_EQ(answer.outcome, Outcome::kRefused) << body;
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("AdmissionReview admission.k8s.io/v1")) << body;
  }
}

TEST_F(ReviewTest, SurvivesPodsThatAreNone) {
  for (const char* pod :
       {"{}", R"({"spec":7,"metadata":[]})", R"({"spec":{"containers":[1,{}]}})",
        R"({"metadata":{"annotations":[]},"spec":{"containers":[{"lifecycle":7}]}})"}) {
    EXPECT_EQ(ask(question(pod)).status, 200) << pod;
  }
}

RC_GTEST_PROP(PatchBetween, LeadsFromOneDocumentToTheOther, ()) {
  const auto scalar = rc::gen::map(rc::gen::inRange(0, 4), [](int n) { return value(n); });
  const auto grow = [](const rc::Gen<value>& inner) {
    const auto key = rc::gen::element<std::string>("a", "b/c", "d~e", "hitless.io/gate", "0");
    // Of equal keys the first counts: a generator of distinct ones may give up.
    const auto entry = rc::gen::pair(key, inner);
    const auto objects =
        rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, value>>>(entry),
                     [](const auto& entries) {
                       object made;
                       for (const auto& [name, member] : entries) {
                         made.emplace(name, member);
                       }
                       return value(made);
                     });
    const auto arrays = rc::gen::map(
        rc::gen::container<std::vector<value>>(inner),
        [](const auto& items) { return value(kube::json::array(items.begin(), items.end())); });
    return rc::gen::oneOf(inner, objects, arrays);
  };
  const auto documents = grow(grow(grow(scalar)));
  const value before = *documents;
  const value after = *documents;
  const kube::json::array patch = patchBetween(before, after);
  RC_ASSERT(kube::applyJsonPatch(before, patch).value() == after);
  RC_ASSERT(patch.empty() == (before == after));
}

}  // namespace
}  // namespace hitless::webhook
