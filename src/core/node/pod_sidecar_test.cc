#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/pod_harness.h"

namespace hitless::node {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr const char* kMeta =
    R"({"metadata":{"name":"p","namespace":"default","uid":"u1"},"spec":{"nodeName":"n",)";

/// Two native sidecars with hooks around one main container.
std::string meshed(const std::string& extra) {
  return std::string(kMeta) + extra + R"("initContainers":[
      {"name":"setup","image":"x"},
      {"name":"log","image":"x","restartPolicy":"Always"},
      {"name":"proxy","image":"x","restartPolicy":"Always",
       "lifecycle":{"preStop":{"exec":{"command":["drain"]}}}}],
      "containers":[{"name":"app","image":"x",
       "lifecycle":{"preStop":{"exec":{"command":["drain"]}}}}]}})";
}

TEST(NodeSidecars, StartInOrderAndBeforeTheMainContainers) {
  PodHarness pods(meshed(""), {{"setup", {.lifetime = seconds{2}, .probe = {}}}});
  pods.until(seconds{5});
  EXPECT_THAT(pods.log({"start", "exit"}),
              ElementsAre("0.0 start setup", "2.0 exit setup 0", "2.0 start log", "2.0 start proxy",
                          "2.0 start app"));
}

TEST(NodeSidecars, HooksRunTogetherAndSigtermWaitsForTheMainContainers) {
  PodHarness pods(meshed(R"("terminationGracePeriodSeconds":30,)"),
                  {{"setup", {.lifetime = nanoseconds{0}, .probe = {}}},
                   {"app", {.drain = seconds{5}, .hookTime = seconds{4}, .probe = {}}},
                   {"proxy", {.drain = seconds{1}, .hookTime = seconds{1}, .probe = {}}},
                   {"log", {.drain = seconds{1}, .probe = {}}}});
  pods.until(seconds{1});
  pods.deletePod(30);
  pods.until(seconds{60});
  EXPECT_THAT(pods.log({"hook", "TERM", "KILL", "exit", "object"}),
              ElementsAre("0.0 exit setup 0", "1.0 hook proxy", "1.0 hook app", "5.0 TERM app",
                          "10.0 exit app 0", "10.0 TERM proxy", "11.0 exit proxy 0",
                          "11.0 TERM log", "12.0 exit log 0", "12.0 object deleted"));
}

TEST(NodeSidecars, WhenTheGraceIsUsedUpAllGetTwoSeconds) {
  PodHarness pods(meshed(R"("terminationGracePeriodSeconds":5,)"),
                  {{"setup", {.lifetime = nanoseconds{0}, .probe = {}}},
                   {"app", {.ignoresTerm = true, .probe = {}}},
                   {"proxy", {.ignoresTerm = true, .probe = {}}},
                   {"log", {.ignoresTerm = true, .probe = {}}}});
  pods.until(seconds{1});
  pods.deletePod(5);
  pods.until(seconds{60});
  const auto log = pods.log({"TERM", "KILL"});
  ASSERT_EQ(log.size(), 6u);
  EXPECT_EQ(log.front(), "1.0 TERM app");
  EXPECT_THAT(std::vector(log.begin() + 1, log.end()),
              UnorderedElementsAre("6.0 TERM proxy", "6.0 TERM log", "6.0 KILL app",
                                   "8.0 KILL proxy", "8.0 KILL log"));
}

TEST(NodeSidecars, RestartWhateverThePolicyAndDoNotHoldUpTheEnd) {
  PodHarness pods(std::string(kMeta) + R"("restartPolicy":"Never","initContainers":[
      {"name":"proxy","image":"x","restartPolicy":"Always"}],
      "containers":[{"name":"job","image":"x"}]}})",
                  {{"proxy", {.lifetime = seconds{1}, .code = 1, .probe = {}}},
                   {"job", {.lifetime = seconds{8}, .probe = {}}}});
  pods.until(milliseconds{500});
  pods.script("proxy") = {.drain = milliseconds{100}, .probe = {}};
  pods.until(seconds{60});
  EXPECT_THAT(pods.log({"start", "exit", "TERM"}),
              ElementsAre("0.0 start proxy", "0.0 start job", "1.0 exit proxy 1", "1.0 start proxy",
                          "8.0 exit job 0", "8.0 TERM proxy", "8.1 exit proxy 0"));
  EXPECT_EQ(kube::text(pods.machine().status(), {"phase"}), "Succeeded");
}

TEST(NodeSidecars, AStartupProbeOfASidecarHoldsTheAppBack) {
  PodHarness pods(
      std::string(kMeta) + R"("initContainers":[
      {"name":"proxy","image":"x","restartPolicy":"Always",
       "startupProbe":{"tcpSocket":{"port":1},"periodSeconds":1,"failureThreshold":600}}],
      "containers":[{"name":"app","image":"x"}]}})",
      {{"proxy", {.probe = [](ProbeKind, nanoseconds since) { return since >= seconds{3}; }}}});
  pods.until(seconds{5});
  EXPECT_THAT(pods.log({"start"}), ElementsAre("0.0 start proxy", "3.0 start app"));
}

TEST(NodeSidecars, AFailedInitContainerEndsAPodThatIsNeverRestarted) {
  PodHarness pods(std::string(kMeta) + R"("restartPolicy":"Never",
      "initContainers":[{"name":"setup","image":"x"}],
      "containers":[{"name":"app","image":"x"}]}})",
                  {{"setup", {.lifetime = seconds{1}, .code = 2, .probe = {}}}});
  pods.until(seconds{5});
  EXPECT_THAT(pods.log({"start"}), ElementsAre("0.0 start setup"));
  EXPECT_THAT(pods.log({"status"}), Contains("1.0 status Failed app:waiting:rc0"));
}

}  // namespace
}  // namespace hitless::node
