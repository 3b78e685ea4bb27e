#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "core/doctor/checks/legacy-rule-explosion/check.h"
#include "core/doctor/checks/xtables-lock/check.h"
#include "core/doctor/evidence_names.h"
#include "sys/doctor/legacy_reader.h"
#include "sys/doctor/legacy_repairer.h"
#include "sys/doctor/processes.h"
#include "testing/evidence.h"
#include "testing/netns.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::outputOf;

std::string lockFile() {
  return fmt::format("/tmp/hitless-legacy-{}.lock", ::getpid());
}

struct KeptLog : doctor::UndoLog {
  std::vector<doctor::UndoEntry> entries;
  Status record(const doctor::UndoEntry& entry) override {
    entries.push_back(entry);
    return {};
  }
};

std::vector<doctor::Finding> explosions() {
  testing::MadeEvidence made;
  made.has(doctor::names::kLegacyTables, legacyTables().value_or(""));
  made.has(doctor::names::kLegacyRules4, legacyRules4().value_or(""));
  return doctor::kLegacyRuleExplosion.run(made.evidence);
}

TEST(LegacyRuleExplosion, IsFoundRepairedAndUndoneOnARealTable) {
  inNamespaces([] {
    EXPECT_TRUE(explosions().empty());
    const std::string file = fmt::format("/tmp/hitless-legacy-{}", ::getpid());
    std::ofstream rules(file);
    rules << "*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n";
    for (int i = 0; i < 25'000; ++i) {
      rules << "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment x -j RETURN\n";
    }
    rules << "COMMIT\n" << std::flush;
    ASSERT_EQ(
        outputOf(fmt::format("XTABLES_LOCKFILE={} iptables-legacy-restore < {}", lockFile(), file)),
        "");
    const auto found = explosions();
    ASSERT_EQ(found.size(), 1U);
    LegacyRepairer repairer({lockFile(), std::chrono::seconds(10)});
    KeptLog log;
    ASSERT_TRUE(repairer.apply(found[0].repair, log));
    EXPECT_TRUE(repairer.verify(found[0].repair));
    EXPECT_TRUE(explosions().empty());
    ASSERT_TRUE(repairer.undo(log.entries.at(0)));
    EXPECT_EQ(explosions().size(), 1U);
    ::unlink(file.c_str());
    ::unlink(lockFile().c_str());
  });
}

/// A process that takes the lock, or waits for it, until it is killed.
pid_t locker() {
  const std::string file = lockFile();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ::flock(fd, LOCK_EX);
    for (;;) {
      ::pause();
    }
  }
  return pid;
}

std::string locks() {
  std::ifstream file("/proc/locks");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<doctor::Finding> lockFindings() {
  testing::MadeEvidence made;
  made.has(doctor::names::kXtablesLock, lockFileIdentity(lockFile()).value_or(""));
  made.has(doctor::names::kProcesses, processes().value_or(""));
  made.becomes("proc/locks", locks(), locks());
  return doctor::kXtablesLock.run(made.evidence);
}

TEST(XtablesLock, FindsARealHolderAndARealWaiter) {
  std::ofstream(lockFile()) << "";
  EXPECT_TRUE(lockFindings().empty());
  const std::string file = lockFileIdentity(lockFile()).value_or("none");
  const pid_t holder = locker();
  const auto await = [&](const std::string& line) {
    while (locks().find(line) == std::string::npos) {
      ::sched_yield();
    }
  };
  await(fmt::format(" {} {}", holder, file));
  const pid_t waiter = locker();
  await(fmt::format(" {} {}", waiter, file));
  const auto found = lockFindings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].summary, ::testing::HasSubstr(fmt::format("pid {} holds", holder)));
  EXPECT_THAT(found[0].evidence,
              ::testing::Contains(::testing::HasSubstr(fmt::format("(pid {}", waiter))));
  for (const pid_t pid : {waiter, holder}) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  EXPECT_TRUE(lockFindings().empty());
  ::unlink(lockFile().c_str());
}

}  // namespace
}  // namespace hitless::sys
