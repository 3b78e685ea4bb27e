#include "core/doctor/checks/xtables-lock/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/process_text.h"
#include "core/doctor/xtables_lock.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

constexpr const char* kHeld =
    "1: FLOCK  ADVISORY  WRITE 500 00:1a:77 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 501 00:1a:77 0 "
    "EOF\n"
    "1: -> FLOCK  ADVISORY  WRITE 502 00:1a:77 0 EOF\n2: POSIX  ADVISORY  READ 9 00:1a:77 0 5\n"
    "3: FLOCK  ADVISORY  WRITE 600 00:1a:78 0 EOF\n";

std::string processes() {
  Process kubeRouter;
  kubeRouter.pid = 400;
  kubeRouter.name = "kube-router";
  kubeRouter.cgroup = "/kubepods.slice/kubepods-pod0d3a1b2c_0000_4000_8000_00000000abcd.slice/x";
  Process iptables;
  iptables.pid = 500;
  iptables.parent = 400;
  iptables.name = "iptables";
  iptables.ageSeconds = 7;
  iptables.arguments = {"iptables", "-w", "-C", "INPUT"};
  return renderProcesses({kubeRouter, iptables});
}

TEST(XtablesLock, ReadsLocks) {
  const LockHolders found = lockHolders(kHeld, "00:1a:77\n");
  EXPECT_EQ(found, (LockHolders{{500}, {501, 502}}));
  EXPECT_EQ(lockHolders("", "x"), LockHolders());
  EXPECT_EQ(lockHolders("1: -> FLOCK\n: FLOCK a b c d\n1: FLOCK x y -5 f", "f"),
            (LockHolders{{0}, {}}));
}

TEST(XtablesLock, NamesHolderAndWhoWaits) {
  MadeEvidence made;
  made.has(names::kXtablesLock, "00:1a:77").has(names::kProcesses, processes());
  made.becomes("proc/locks", kHeld, kHeld);
  const auto found = kXtablesLock.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical) << "an iptables of 7 s";
  EXPECT_EQ(found[0].owner,
            "iptables (pid 500), started by kube-router (pid 400, pod "
            "0d3a1b2c-0000-4000-8000-00000000abcd): iptables -w -C INPUT");
  EXPECT_THAT(found[0].evidence, ::testing::Contains("waits: process 501"));
}

TEST(XtablesLock, IsSilentAboutShortUse) {
  MadeEvidence made;
  made.has(names::kXtablesLock, "00:1a:77").has(names::kProcesses, processes());
  made.becomes("proc/locks", "", kHeld);
  EXPECT_TRUE(kXtablesLock.run(made.evidence).empty());
  made.becomes("proc/locks", "1: FLOCK  ADVISORY  WRITE 499 00:1a:77 0 EOF\n",
               "1: FLOCK  ADVISORY  WRITE 500 00:1a:77 0 EOF\n");
  EXPECT_TRUE(kXtablesLock.run(made.evidence).empty());
  made.becomes("proc/locks", kHeld, "");
  EXPECT_TRUE(kXtablesLock.run(made.evidence).empty());
  EXPECT_TRUE(kXtablesLock.run(MadeEvidence().evidence).empty());
}

TEST(ProcessText, FindsPods) {
  EXPECT_EQ(podOf("/kubepods/besteffort/pod0d3a1b2c-0000-4000-8000-00000000abcd/0f"),
            "0d3a1b2c-0000-4000-8000-00000000abcd");
  EXPECT_EQ(podOf("/system.slice/k3s.service"), "");
  EXPECT_EQ(podOf("/kubepods/podx/pod"), "");
}

}  // namespace
}  // namespace hitless::doctor
