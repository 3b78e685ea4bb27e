#include "core/node/pod_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/pod_harness.h"

namespace hitless::node {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const auto kAStatus = ::testing::VariantWith<WriteStatus>(::testing::_);

/// `spec` is the inside of the pod's spec.
std::string pod(const std::string& spec) {
  return R"({"metadata":{"name":"p","namespace":"default","uid":"u1"},"spec":{"nodeName":"n",)" +
         spec + "}}";
}

TEST(NodePodMachine, AContainerWithoutProbesIsReadyAsSoonAsItRuns) {
  PodHarness pods(pod(R"("containers":[{"name":"main","image":"x"}])"), {});
  pods.until(seconds{1});
  EXPECT_THAT(
      pods.log(),
      ElementsAre("0.0 status Pending main:waiting:rc0", "0.0 status Pending main:waiting:rc0",
                  "0.0 start main", "0.0 event Resolved Container image \"x\" resolved to program",
                  "0.0 event Created Created container main",
                  "0.0 event Started Started container main", "0.0 record pod.ready ",
                  "0.0 status Running Ready main:running:rc0"));
  EXPECT_EQ(kube::text(pods.machine().status(), {"podIP"}), "10.244.1.2");
}

TEST(NodePodMachine, AnAddressIsAnnouncedBeforeTheContainerRuns) {
  testing::FakeClock clock;
  const auto object =
      kube::parseJson(pod(R"("containers":[{"name":"main","image":"x"}])"))->as_object();
  PodMachine machine(clock, object, "10.0.0.1");
  EXPECT_THAT(machine.begin(), ElementsAre(Command(MakeSandbox{}), kAStatus));
  EXPECT_THAT(machine.sandboxReady("10.244.1.7"),
              ElementsAre(Command(StartContainer{"main", 0}), kAStatus));
  EXPECT_EQ(kube::text(machine.status(), {"podIP"}), "10.244.1.7");
}

// The recorded kubelet trace of pod "t1": the sidecar without a hook gets SIGTERM at once, the main
// container after its hook of 4 s; the object goes when both are dead.
TEST(NodePodMachine, TerminationOfTwoPlainContainersAsInTheTrace) {
  PodHarness pods(pod(R"("terminationGracePeriodSeconds":12,"containers":[
        {"name":"main","image":"x","lifecycle":{"preStop":{"exec":{"command":["h"]}}}},
        {"name":"side","image":"x"}])"),
                  {{"main", {.drain = seconds{3}, .hookTime = seconds{4}, .probe = {}}},
                   {"side", {.drain = seconds{60}, .probe = {}}}});
  pods.until(seconds{10});
  pods.deletePod(12);
  pods.until(seconds{60});
  EXPECT_THAT(pods.log({"hook", "TERM", "KILL", "exit", "object", "sandbox"}),
              ElementsAre("10.0 hook main", "10.0 TERM side", "14.0 TERM main", "17.0 exit main 0",
                          "22.0 KILL side", "22.0 exit side 137", "22.0 sandbox removed",
                          "22.0 object deleted"));
  EXPECT_THAT(pods.log(), Contains("10.0 event Killing Stopping container main"));
}

// Trace of "p-long": preStop of 60 s in a grace of 5 s.
TEST(NodePodMachine, AHookLongerThanTheGracePeriodLeavesTwoSeconds) {
  PodHarness pods(pod(R"("terminationGracePeriodSeconds":5,"containers":[
        {"name":"main","image":"x","lifecycle":{"preStop":{"exec":{"command":["h"]}}}}])"),
                  {{"main", {.drain = seconds{30}, .hookTime = seconds{60}, .probe = {}}}});
  pods.until(seconds{1});
  pods.deletePod(5);
  pods.until(seconds{20});
  EXPECT_THAT(pods.log({"hook", "TERM", "KILL", "exit"}),
              ElementsAre("1.0 hook main", "6.0 TERM main", "8.0 KILL main", "8.0 exit main 137"));
  EXPECT_THAT(pods.log({"event"}), Contains(HasSubstr("6.0 event FailedPreStopHook Exec lifecycle "
                                                      "hook ([h]) for Container \"main\"")));
}

// Trace of "p-shell": a shell as PID 1 never sees SIGTERM.
TEST(NodePodMachine, AContainerThatIgnoresSigtermIsKilledAfterTheWholeGrace) {
  PodHarness pods(pod(R"("terminationGracePeriodSeconds":6,
                         "containers":[{"name":"main","image":"x"}])"),
                  {{"main", {.ignoresTerm = true, .probe = {}}}});
  pods.until(seconds{1});
  pods.deletePod(6);
  pods.until(seconds{20});
  EXPECT_THAT(pods.log({"TERM", "KILL", "exit"}),
              ElementsAre("1.0 TERM main", "7.0 KILL main", "7.0 exit main 137"));
}

// Trace of "p-crash": terminated rc0, at once terminated rc1, waiting; then 10 s, 20 s, ….
TEST(NodePodMachine, CrashesAreRestartedWithGrowingDelays) {
  PodHarness pods(pod(R"("containers":[{"name":"main","image":"x"}])"),
                  {{"main", {.lifetime = milliseconds{1}, .code = 3, .probe = {}}}});
  pods.until(seconds{100});
  EXPECT_THAT(pods.log({"start"}),
              ElementsAre("0.0 start main", "0.0 start main", "10.0 start main", "30.0 start main",
                          "70.0 start main"));
  const auto statuses = pods.log({"status"});
  const std::vector<std::string> first(statuses.begin(), statuses.begin() + 9);
  EXPECT_THAT(
      first,
      ElementsAre(
          "0.0 status Pending main:waiting:rc0", "0.0 status Pending main:waiting:rc0",
          "0.0 status Running Ready main:running:rc0", "0.0 status Running main:terminated:rc0",
          "0.0 status Running Ready main:running:rc1", "0.0 status Running main:terminated:rc1",
          "0.0 status Running main:waiting:rc1", "10.0 status Running Ready main:running:rc2",
          "10.0 status Running main:terminated:rc2"));
  EXPECT_THAT(pods.log({"event"}),
              Contains("0.0 event BackOff Back-off restarting failed container "
                       "main in pod p_default(u1)"));
}

// Trace of "p-live": three failures a second apart, the hook, SIGTERM, SIGKILL, a new start; Ready
// all along.
TEST(NodePodMachine, ALivenessKillRunsTheHookAndNeverLooksUnready) {
  PodHarness pods(
      pod(R"("terminationGracePeriodSeconds":4,"containers":[{"name":"main","image":"x",
        "livenessProbe":{"exec":{"command":["p"]},"periodSeconds":1,"failureThreshold":3},
        "lifecycle":{"preStop":{"exec":{"command":["h"]}}}}])"),
      {{"main", {.drain = seconds{30}, .hookTime = seconds{1}, .probe = [](ProbeKind, nanoseconds) {
                   return false;
                 }}}});
  pods.until(milliseconds{6500});
  EXPECT_THAT(pods.log({"start", "hook", "TERM", "KILL", "exit"}),
              ElementsAre("0.0 start main", "2.0 hook main", "3.0 TERM main", "6.0 KILL main",
                          "6.0 exit main 137", "6.0 start main"));
  EXPECT_THAT(pods.log({"status"}), ElementsAre("0.0 status Pending main:waiting:rc0",
                                                "0.0 status Pending main:waiting:rc0",
                                                "0.0 status Running Ready main:running:rc0",
                                                "6.0 status Running Ready main:running:rc1"));
  EXPECT_THAT(pods.log({"event"}), Contains("2.0 event Killing Container main failed liveness "
                                            "probe, will be restarted"));
}

TEST(NodePodMachine, ReadinessIsProbedUntilTheContainerIsDead) {
  PodHarness pods(
      pod(R"("terminationGracePeriodSeconds":30,"containers":[{"name":"main","image":"x",
        "readinessProbe":{"exec":{"command":["p"]},"periodSeconds":1},
        "livenessProbe":{"exec":{"command":["p"]},"periodSeconds":1}}])"),
      {{"main", {.drain = milliseconds{2600}, .probe = {}}}});
  pods.until(milliseconds{1500});
  pods.deletePod(30);
  pods.until(seconds{10});
  EXPECT_THAT(
      pods.log({"probe"}),
      ElementsAre("0.0 probe main Readiness", "0.0 probe main Liveness", "1.0 probe main Readiness",
                  "1.0 probe main Liveness", "2.0 probe main Readiness", "3.0 probe main Readiness",
                  "4.0 probe main Readiness"));
}

TEST(NodePodMachine, AStartupProbeHoldsTheOthersBack) {
  PodHarness pods(pod(R"("containers":[{"name":"main","image":"x",
        "startupProbe":{"exec":{"command":["p"]},"periodSeconds":2,"failureThreshold":30},
        "readinessProbe":{"exec":{"command":["p"]},"periodSeconds":10}}])"),
                  {{"main", {.probe = [](ProbeKind kind, nanoseconds since) {
                      return kind != ProbeKind::kStartup || since >= seconds{4};
                    }}}});
  pods.until(seconds{5});
  EXPECT_THAT(pods.log({"probe"}),
              ElementsAre("0.0 probe main Startup", "2.0 probe main Startup",
                          "4.0 probe main Startup", "4.0 probe main Readiness"));
  EXPECT_THAT(pods.log({"status"}), Contains("4.0 status Running Ready main:running:rc0"));
}

TEST(NodePodMachine, ASecondDeletionMayOnlyShorten) {
  PodHarness pods(pod(R"("containers":[{"name":"main","image":"x"}])"),
                  {{"main", {.ignoresTerm = true, .probe = {}}}});
  pods.until(seconds{1});
  pods.deletePod(30);
  pods.until(seconds{3});
  pods.deletePod(60);
  pods.until(seconds{5});
  pods.deletePod(4);
  pods.until(seconds{40});
  EXPECT_THAT(pods.log({"TERM", "KILL"}), ElementsAre("1.0 TERM main", "9.0 KILL main"));
}

TEST(NodePodMachine, AForcedDeletionStopsWithinTwoSeconds) {
  PodHarness pods(pod(R"("containers":[{"name":"main","image":"x"}])"),
                  {{"main", {.ignoresTerm = true, .probe = {}}}});
  pods.until(seconds{1});
  pods.run(pods.machine().forgotten());
  pods.until(seconds{40});
  EXPECT_THAT(pods.log({"TERM", "KILL", "object", "sandbox"}),
              ElementsAre("1.0 TERM main", "3.0 KILL main", "3.0 sandbox removed"));
  EXPECT_TRUE(pods.machine().over());
}

TEST(NodePodMachine, APodDeletedWhileItsContainerStartsIsStoppedOnceItRuns) {
  testing::FakeClock clock;
  auto object = kube::parseJson(pod(R"("containers":[{"name":"main","image":"x"}])"))->as_object();
  PodMachine machine(clock, object, "10.0.0.1");
  machine.begin();
  machine.sandboxReady("10.244.1.7");
  kube::ensureObject(object, {"metadata"})["deletionTimestamp"] = formatTime(clock.wall());
  EXPECT_THAT(machine.updated(object), Not(Contains(Command(DeletePod{}))));
  EXPECT_THAT(machine.started("main", "x"),
              Contains(Command(SignalContainer{"main", StopSignal::kTerm})));
  EXPECT_THAT(machine.exited("main", {0, 0}),
              ElementsAre(Command(Record{timeline::What::kContainerExited, "main", "exit 0"}),
                          kAStatus, Command(RemoveSandbox{}), Command(DeletePod{})));
}

TEST(NodePodMachine, AFinishedPodIsLeftAloneAndADeletedOneIsRemoved) {
  testing::FakeClock clock;
  auto object = kube::parseJson(pod(R"("containers":[{"name":"main","image":"x"}])"))->as_object();
  object["status"] = kube::json::object{{"phase", "Succeeded"}};
  PodMachine finished(clock, object, "10.0.0.1");
  EXPECT_THAT(finished.begin(), IsEmpty());
  kube::ensureObject(object, {"metadata"})["deletionTimestamp"] = formatTime(clock.wall());
  PodMachine deleted(clock, object, "10.0.0.1");
  EXPECT_THAT(deleted.begin(), ElementsAre(Command(DeletePod{})));
  EXPECT_THAT(deleted.updated(object), IsEmpty());
}

TEST(NodePodMachine, AnImageThatCannotBeResolvedWaitsWithItsReason) {
  testing::FakeClock clock;
  const auto object =
      kube::parseJson(pod(R"("containers":[{"name":"main","image":"x"}])"))->as_object();
  PodMachine machine(clock, object, "10.0.0.1");
  machine.begin();
  machine.sandboxReady("10.244.1.7");
  EXPECT_THAT(
      machine.startFailed("main", StartError::kImage, "no such program"),
      ElementsAre(Command(Emit{true, "Failed", "Error: no such program", "main"}), kAStatus));
  const auto& status = machine.status().at("containerStatuses").at(0).as_object();
  EXPECT_EQ(kube::text(status, {"state", "waiting", "reason"}), "ErrImageNeverPull");
  EXPECT_EQ(machine.nextDeadline(), clock.mono() + seconds{1});
  clock.advance(seconds{1});
  EXPECT_THAT(machine.tick(), Contains(Command(StartContainer{"main", 0})));
}

TEST(NodePodMachine, AProcessThatCannotBeMadeCountsAsACrash) {
  testing::FakeClock clock;
  const auto object = kube::parseJson(pod(R"("restartPolicy":"Never",
      "containers":[{"name":"main","image":"x"}])"))
                          ->as_object();
  PodMachine machine(clock, object, "10.0.0.1");
  machine.begin();
  machine.sandboxReady("10.244.1.7");
  machine.startFailed("main", StartError::kRun, "exec /x: no such file");
  EXPECT_EQ(kube::text(machine.status(), {"phase"}), "Failed");
  EXPECT_TRUE(machine.over());
}

TEST(NodePodMachine, PostStartHoldsTheNextContainerBack) {
  PodHarness pods(pod(R"("containers":[
        {"name":"proxy","image":"x","lifecycle":{"postStart":{"exec":{"command":["w"]}}}},
        {"name":"app","image":"x"}])"),
                  {{"proxy", {.hookTime = seconds{3}, .probe = {}}}});
  pods.until(seconds{5});
  EXPECT_THAT(pods.log({"start", "hook"}),
              ElementsAre("0.0 start proxy", "0.0 hook proxy", "3.0 start app"));
}

}  // namespace
}  // namespace hitless::node
