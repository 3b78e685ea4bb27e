#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/cni/answer.h"

namespace hitless::cni {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPrevious = R"({"cniVersion":"1.0.0",
  "interfaces":[{"name":"cni0"},{"name":"veth1"},{"name":"eth0","sandbox":"/run/netns/x"}],
  "ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1","interface":2},
         {"address":"fd00::3/64","interface":2},{"address":"10.1.2.1/24","interface":0}],
  "routes":[{"dst":"0.0.0.0/0"}]})";

std::string config(const std::string& more = {}, const std::string& version = "1.0.0") {
  return R"({"cniVersion":")" + version + R"(","name":"net","type":"hitless-cni","prevResult":)" +
         kPrevious + more + "}";
}

Environment environment(const std::string& command) {
  return {{"CNI_COMMAND", command},
          {"CNI_CONTAINERID", "abc"},
          {"CNI_NETNS", "/run/netns/x"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_ARGS",
           "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;"
           "K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1"}};
}

TEST(CniRequest, TellsThePodAndItsAddresses) {
  const auto request = requestOf(environment("ADD"), config());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->operation, Operation::kAdd);
  EXPECT_EQ(request->podNamespace + "/" + request->podName, "shop/web-1");
  EXPECT_EQ(request->podUid, "u-1");
  EXPECT_EQ(request->containerId, "abc");
  EXPECT_THAT(request->addresses,
              ElementsAre(*IpAddress::parse("10.1.2.3"), *IpAddress::parse("fd00::3")))
      << "the bridge's address is the host's";
  EXPECT_EQ(request->socket, "/run/hitless/agent.sock");
  EXPECT_EQ(request->timeout, seconds(30));
}

TEST(CniRequest, TakesItsOwnKeys) {
  const auto request =
      requestOf(environment("ADD"), config(R"(,"agentSocket":"/run/other.sock","timeout":"1.5s")"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->socket, "/run/other.sock");
  EXPECT_EQ(request->timeout, milliseconds(1500));
}

struct Refusal {
  const char* what;
  std::string command;
  std::string config;
  Code code;
  const char* says;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.what;
}

class CniRefusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(CniRefusals, HaveTheirCodeAndNameWhatIsWrong) {
  const Refusal& refusal = GetParam();
  const auto request = requestOf(environment(refusal.command), refusal.config);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, refusal.code) << request.error().message;
  EXPECT_THAT(request.error().message, HasSubstr(refusal.says));
}

INSTANTIATE_TEST_SUITE_P(
    , CniRefusals,
    ::testing::Values(
        Refusal{"no command", "", config(), Code::kInvalidEnvironment, "CNI_COMMAND is not set"},
        Refusal{"unknown command", "MEND", config(), Code::kInvalidEnvironment, "MEND"},
        Refusal{"garbage", "ADD", "\x01garbage", Code::kDecoding, "not JSON"},
        Refusal{"nothing", "ADD", "", Code::kDecoding, "not JSON"},
        Refusal{"a list", "ADD", "[]", Code::kDecoding, "not a JSON object"},
        Refusal{"old version", "ADD", config("", "0.2.0"), Code::kIncompatibleVersion, "0.2.0"},
        Refusal{"no version", "ADD", "{}", Code::kIncompatibleVersion, "''"},
        Refusal{"bad timeout", "ADD", config(R"(,"timeout":30)"), Code::kUnsupportedField,
                "timeout: 30"},
        Refusal{"bad socket", "STATUS", config(R"(,"agentSocket":"")"), Code::kUnsupportedField,
                "agentSocket: \"\""},
        Refusal{"not chained", "ADD", R"({"cniVersion":"1.0.0"})", Code::kInvalidConfig,
                "prevResult"},
        Refusal{"bad address", "ADD",
                R"({"cniVersion":"1.0.0","prevResult":{"ips":[{"address":"ten"}]}})",
                Code::kInvalidConfig, "ten"},
        Refusal{"nothing to keep", "GC", R"({"cniVersion":"1.1.0","name":"net"})",
                Code::kInvalidConfig, "valid-attachments"},
        Refusal{"nothing to keep by", "GC",
                R"({"cniVersion":"1.1.0","name":"net","cni.dev/valid-attachments":[{}]})",
                Code::kInvalidConfig, "containerID"}),
    [](const auto& refusal) {
      std::string name = refusal.param.what;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(CniRequest, IsAboutPodsOnly) {
  Environment plain = environment("ADD");
  plain["CNI_ARGS"] = "IgnoreUnknown=1";
  const auto add = requestOf(plain, config());
  ASSERT_FALSE(add);
  EXPECT_EQ(add.error().code, Code::kInvalidEnvironment);
  EXPECT_THAT(add.error().message, HasSubstr("K8S_POD_NAME"));
  plain["CNI_ARGS"] = "K8S_POD_NAMESPACE";
  EXPECT_THAT(requestOf(plain, config()).error().message, HasSubstr("'K8S_POD_NAMESPACE'"));
  plain.erase("CNI_CONTAINERID");
  EXPECT_THAT(requestOf(plain, config()).error().message, HasSubstr("CNI_CONTAINERID"));
}

TEST(CniRequest, ToDeleteIsTakenWhateverIsMissing) {
  Environment plain = environment("DEL");
  EXPECT_THAT(requestOf(plain, config())->addresses.size(), 2U);
  const auto bare = requestOf(plain, R"({"cniVersion":"0.4.0"})");
  ASSERT_TRUE(bare);
  EXPECT_THAT(bare->addresses, IsEmpty());
  plain.erase("CNI_ARGS");
  EXPECT_TRUE(requestOf(plain, R"({"cniVersion":"0.4.0","prevResult":{"ips":[7]}})"));
}

TEST(CniRequest, ToCollectNamesWhatToKeep) {
  const auto request = requestOf(environment("GC"),
                                 R"({"cniVersion":"1.1.0","name":"net",
          "cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"},{"containerID":"b"}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->network, "net");
  EXPECT_THAT(request->validContainers, ElementsAre("a", "b"));
}

TEST(CniRequest, ForVersionsNeedsNoConfiguration) {
  EXPECT_EQ(requestOf(environment("VERSION"), "")->version, "1.1.0");
  EXPECT_EQ(requestOf(environment("VERSION"), R"({"cniVersion":"0.4.0"})")->version, "0.4.0");
}

RC_GTEST_PROP(CniRequest, SurvivesAnyInput, (const std::string& args, const std::string& bytes)) {
  Environment any = environment("ADD");
  any["CNI_ARGS"] = args;
  RC_ASSERT(!requestOf(any, bytes));
}

TEST(CniAnswer, GivesTheResultOfThoseBeforeUs) {
  const auto request = requestOf(environment("ADD"), config());
  EXPECT_EQ(kube::parseJson(resultOf(*request->previous, "1.0.0")).value(),
            kube::parseJson(kPrevious).value());
}

TEST(CniAnswer, SpellsTheResultAsTheVersionDoes) {
  const auto request = requestOf(environment("ADD"), config());
  const std::string old = resultOf(*request->previous, "0.4.0");
  EXPECT_THAT(old, HasSubstr(R"("cniVersion":"0.4.0")"));
  EXPECT_THAT(old, HasSubstr(R"("interface":2,"version":"4")"));
  EXPECT_THAT(old, HasSubstr(R"("interface":2,"version":"6")"));
  const auto back = kube::parseJson(old)->as_object();
  EXPECT_EQ(kube::parseJson(resultOf(back, "1.0.0")).value(), kube::parseJson(kPrevious).value());
}

TEST(CniAnswer, SaysWhichVersionsThereAreAndWhatIsWrong) {
  EXPECT_EQ(versionsOf("1.0.0"),
            R"({"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]})");
  EXPECT_EQ(errorOf({Code::kTryAgainLater, "no agent", "start it"}, "1.0.0"),
            R"({"cniVersion":"1.0.0","code":11,"msg":"no agent","details":"start it"})");
}

}  // namespace
}  // namespace hitless::cni
