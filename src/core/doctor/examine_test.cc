#include "core/doctor/examine.h"

#include <gmock/gmock.h>

#include "core/doctor/report.h"

namespace hitless::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Want kForwardWants[] = {{"proc/sys/net/ipv4/ip_forward"}};
constexpr Want kLockWants[] = {{"proc/locks", true}, {"proc/sys/net/ipv4/ip_forward"}};

std::vector<Finding> forwarding(const Evidence& evidence) {
  if (evidence.number("proc/sys/net/ipv4/ip_forward") != 0) {
    return {};
  }
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = "net.ipv4.ip_forward";
  finding.summary = "packets of pods are not forwarded";
  finding.evidence = {"net.ipv4.ip_forward is 0", "3 bridges have pods"};
  finding.repair = {WriteSysctl{"net/ipv4/ip_forward", "1"}};
  return {finding};
}

std::vector<Finding> locks(const Evidence&) {
  Finding finding;
  finding.subject = "xtables.lock";
  finding.summary = "4 processes wait";
  return {finding};
}

constexpr Check kLocks{"locks", "Waiting", {}, kLockWants, locks};
constexpr Check kForward{"forward", "Forwarding", {}, kForwardWants, forwarding};
constexpr const Check* kAll[] = {&kLocks, &kForward};

Evidence node(const std::string& forward) {
  Evidence evidence;
  evidence.host = "node-1";
  evidence.kernel = "6.18";
  evidence.samples = {{{}, {{"proc/sys/net/ipv4/ip_forward", forward}}}};
  return evidence;
}

TEST(Select, TakesAllOrTheNamedAndRefusesWhatIsNone) {
  EXPECT_EQ(select(kAll, {}, {})->size(), 2U);
  EXPECT_THAT(*select(kAll, {"forward"}, {}), ElementsAre(&kForward));
  EXPECT_THAT(*select(kAll, {}, {"forward"}), ElementsAre(&kLocks));
  EXPECT_THAT(select(kAll, {"foward"}, {}).error().text(), HasSubstr("did you mean forward?"));
}

TEST(Wants, AreAskedForOnceAndTwiceIfOneNeedsIt) {
  const std::vector<Want> wants = wantsOf(kAll);
  ASSERT_EQ(wants.size(), 2U);
  EXPECT_EQ(wants[0].name, "proc/locks");
  EXPECT_TRUE(wants[0].twice);
  EXPECT_FALSE(wants[1].twice);
}

TEST(Examine, PutsTheWorstFirst) {
  const Examination result = examine(node("0\n"), kAll);
  ASSERT_EQ(result.findings.size(), 2U);
  EXPECT_EQ(result.findings[0].check, "forward");
  EXPECT_EQ(result.findings[1].check, "locks");
  EXPECT_EQ(exitStatus(result), 3);
  EXPECT_EQ(exitStatus(examine(node("1"), kAll)), 2);
  EXPECT_EQ(exitStatus(examine(node("1"), std::array{&kForward})), 0);
}

TEST(Examine, SaysWhatAChecksCouldNotSee) {
  Evidence evidence = node("1");
  evidence.unread["proc/locks"] = "Permission denied";
  EXPECT_THAT(examine(evidence, kAll).unseen,
              ElementsAre(Unseen{"locks", "proc/locks", "Permission denied"}));
}

TEST(Report, IsReadableAtThreeInTheMorning) {
  const Evidence evidence = node("0");
  const Examination examination = examine(evidence, kAll);
  EXPECT_EQ(renderReport({evidence, examination, std::chrono::milliseconds(12)}),
            "critical forward\n"
            "  net.ipv4.ip_forward: packets of pods are not forwarded\n"
            "  seen         net.ipv4.ip_forward is 0\n"
            "               3 bridges have pods\n"
            "  --fix would  set net/ipv4/ip_forward to 1\n"
            "\n"
            "warning locks\n"
            "  xtables.lock: 4 processes wait\n"
            "\n"
            "node-1 (Linux 6.18): 2 checks in 12 ms: 1 critical, 1 warning\n"
            "hitless doctor --fix shows what it would repair, and asks\n");
}

TEST(Report, SaysThatNothingIsWrong) {
  const Evidence evidence = node("1");
  const Examination examination = examine(evidence, std::array{&kForward});
  EXPECT_EQ(renderReport({evidence, examination, std::chrono::milliseconds(1600)}),
            "node-1 (Linux 6.18): 1 check in 1.6 s: nothing is wrong\n");
}

TEST(Report, DoesNotTakeWhatItCouldNotSeeForHealth) {
  Evidence evidence = node("1");
  evidence.unread["proc/sys/net/ipv4/ip_forward"] = "Permission denied";
  const Examination examination = examine(evidence, std::array{&kForward});
  EXPECT_THAT(renderReport({evidence, examination, {}}),
              HasSubstr("nothing wrong was seen; 1 of the checks had to go without something\n"));
}

}  // namespace
}  // namespace hitless::doctor
