#include "sys/doctor/legacy_repairer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "sys/doctor/legacy_reader.h"
#include "testing/netns.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::Backend;
using doctor::DedupeChain;
using doctor::DeleteChains;
using doctor::InsertRule;
using doctor::TablePlace;
using testing::inNamespaces;
using testing::outputOf;

struct KeptLog : doctor::UndoLog {
  std::vector<doctor::UndoEntry> entries;
  Status record(const doctor::UndoEntry& entry) override {
    entries.push_back(entry);
    return {};
  }
};

/// A lock file of this test's own: the machine's is not ours to hold.
std::string lockFile() {
  return fmt::format("/tmp/hitless-legacy-{}.lock", ::getpid());
}

LegacyRepairer repairer(nanoseconds wait = std::chrono::seconds(10)) {
  return LegacyRepairer({lockFile(), wait});
}

std::string legacy(const std::string& command) {
  return outputOf(fmt::format("XTABLES_LOCKFILE={} {}", lockFile(), command));
}

void restore(const std::string& rules) {
  const std::string file = fmt::format("/tmp/hitless-legacy-{}", ::getpid());
  std::ofstream(file) << rules;
  ASSERT_EQ(legacy("iptables-legacy-restore -w < " + file), "");
  ::unlink(file.c_str());
}

std::string save() {
  return legacyRules4().value_or("");
}

const TablePlace kFilter{Backend::kLegacy, IpFamily::kV4, "filter"};

const std::string kHead =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    ":KUBE-POD-FW-A - [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n:MINE - [0:0]\n"
    "-A INPUT -j KUBE-ROUTER-INPUT\n-A INPUT -i lo -j ACCEPT\n"
    "-A FORWARD -m comment --comment mine -j ACCEPT\n"
    "-A FORWARD -m comment --comment mine -j ACCEPT\n"
    "-A FORWARD -d 10.42.0.7/32 -j KUBE-POD-FW-A\n-A KUBE-POD-FW-A -j MINE\n-A MINE -j RETURN\n";

/// kube-router's three, again and again, and one that logs.
std::string exploded(int times) {
  std::string rules = kHead;
  for (int i = 0; i < times; ++i) {
    rules +=
        "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"allow traffic to cluster IP\" "
        "-j RETURN\n"
        "-A KUBE-ROUTER-INPUT -p tcp -m comment --comment \"allow LOCAL TCP traffic to node "
        "ports\" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN\n"
        "-A KUBE-ROUTER-INPUT -p udp -m comment --comment \"allow LOCAL UDP traffic to node "
        "ports\" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN\n";
  }
  return rules + "COMMIT\n";
}

/// Sends packets to a socket of its own through the chain that is repaired.
class Stream {
 public:
  Stream() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    thread_ = std::thread([this] { run(); });
  }
  void end() {
    stop_ = true;
    thread_.join();
    ::close(fd_);
  }
  int sent = 0;
  int lost = 0;

 private:
  void run() {
    do {
      char byte = 'x';
      ++sent;
      // Over the loopback a packet has arrived when send() returns, or it was dropped.
      if (::send(fd_, &byte, 1, 0) != 1 || ::recv(fd_, &byte, 1, MSG_DONTWAIT) != 1) {
        ++lost;
      }
    } while (!stop_);
  }
  int fd_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST(LegacyRepairer, TakesRepetitionsOutAndBringsThemBack) {
  inNamespaces([] {
    restore(exploded(500));
    const std::string before = save();
    LegacyRepairer doctor = repairer();
    const std::vector<Action> actions{DedupeChain{kFilter, "KUBE-ROUTER-INPUT"}};
    const auto plan = doctor.plan(actions.front());
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(plan->front(), "1,500 rules of KUBE-ROUTER-INPUT become 3");
    EXPECT_EQ(save(), before);
    KeptLog log;
    const Status applied = doctor.apply(actions, log);
    ASSERT_TRUE(applied) << applied.error().text();
    const Status verified = doctor.verify(actions);
    EXPECT_TRUE(verified) << verified.error().text();
    const std::string after = save();
    restore(exploded(1));
    EXPECT_EQ(after, save());
    // What was written by somebody else meanwhile stays.
    legacy("iptables-legacy -w -A MINE -s 192.0.2.1 -j DROP");
    for (const auto& entry : log.entries) {
      const Status undone = doctor.undo(entry);
      EXPECT_TRUE(undone) << undone.error().text();
    }
    legacy("iptables-legacy -w -D MINE -s 192.0.2.1 -j DROP");
    EXPECT_EQ(save(), before);
    EXPECT_TRUE(doctor.undo(log.entries.front()));
    EXPECT_EQ(save(), before) << "undone twice";
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, LeavesWhatNobodyKnownWrote) {
  inNamespaces([] {
    restore(exploded(2));
    LegacyRepairer doctor = repairer();
    KeptLog log;
    const std::vector<Action> all{DedupeChain{kFilter, ""}};
    ASSERT_TRUE(doctor.apply(all, log));
    EXPECT_TRUE(doctor.verify(all));
    const std::string after = save();
    std::size_t mine = 0;
    for (std::size_t at = 0; (at = after.find("--comment mine", at)) != std::string::npos; ++at) {
      ++mine;
    }
    EXPECT_EQ(mine, 2U);
    EXPECT_EQ(after.find("allow traffic to cluster IP"),
              after.rfind("allow traffic to cluster IP"));
    EXPECT_EQ(doctor.apply(all, log).error().kind, ErrorKind::kNotFound);
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, CarriesCountersOver) {
  inNamespaces([] {
    ASSERT_EQ(outputOf("ip link set lo up"), "");
    restore(exploded(3));
    Stream().end();
    const std::string policyBefore = save();
    LegacyRepairer doctor = repairer();
    KeptLog log;
    ASSERT_TRUE(doctor.apply(std::vector<Action>{DedupeChain{kFilter, "KUBE-ROUTER-INPUT"}}, log));
    const auto lineOf = [](const std::string& text) {
      const std::size_t end = text.find(" -A INPUT -i lo -j ACCEPT");
      return text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end) - 1);
    };
    EXPECT_EQ(lineOf(save()), lineOf(policyBefore));
    EXPECT_NE(lineOf(save()), "[0:0]");
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, DeletesChainsAndWhatLeadsToThem) {
  inNamespaces([] {
    restore(exploded(2));
    const std::string before = save();
    LegacyRepairer doctor = repairer();
    KeptLog log;
    const std::vector<Action> actions{DeleteChains{kFilter, {"KUBE-POD-FW-A"}}};
    ASSERT_TRUE(doctor.apply(actions, log));
    EXPECT_TRUE(doctor.verify(actions));
    EXPECT_EQ(save().find("KUBE-POD-FW-A"), std::string::npos);
    EXPECT_EQ(legacy("iptables-legacy -w -C INPUT -j KUBE-ROUTER-INPUT"), "");
    for (const auto& entry : log.entries) {
      const Status undone = doctor.undo(entry);
      EXPECT_TRUE(undone) << undone.error().text();
    }
    // Chains come back behind the others; iptables sorts them when it writes the next time.
    restore(legacy("iptables-legacy-save -c"));
    EXPECT_EQ(save(), before);
    EXPECT_FALSE(doctor.apply(std::vector<Action>{DeleteChains{kFilter, {"INPUT"}}}, log));
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, PutsAMissingRuleIn) {
  inNamespaces([] {
    restore(exploded(1));
    const std::string before = save();
    LegacyRepairer doctor = repairer();
    for (const bool first : {true, false}) {
      for (const char* rule : {"-j KUBE-POD-FW-A",
                               "-s 10.42.0.0/16 ! -d 10.0.0.1/32 -i cni+ -o eth0 -m comment "
                               "--comment \"a b\" -m mark --mark 0x4000/0x4000 -j ACCEPT",
                               "-g MINE"}) {
        KeptLog log;
        const std::vector<Action> actions{InsertRule{kFilter, "FORWARD", rule, first}};
        const Status applied = doctor.apply(actions, log);
        ASSERT_TRUE(applied) << applied.error().text();
        EXPECT_TRUE(doctor.verify(actions));
        EXPECT_EQ(legacy(fmt::format("iptables-legacy -w -C FORWARD {}", rule)), "") << rule;
        EXPECT_EQ(doctor.apply(actions, log).error().kind, ErrorKind::kNotFound);
        ASSERT_TRUE(doctor.undo(log.entries.front()));
        EXPECT_EQ(save(), before);
      }
    }
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, WaitsForTheLockAndNotForEver) {
  inNamespaces([] {
    restore(exploded(2));
    const int held = ::open(lockFile().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);
    const std::vector<Action> actions{DedupeChain{kFilter, "KUBE-ROUTER-INPUT"}};
    KeptLog log;
    LegacyRepairer hasty = repairer(std::chrono::milliseconds(20));
    EXPECT_EQ(hasty.apply(actions, log).error().kind, ErrorKind::kUnavailable);
    EXPECT_TRUE(log.entries.empty());
    std::thread release([&] { ::flock(held, LOCK_UN); });
    LegacyRepairer patient = repairer();
    EXPECT_TRUE(patient.apply(actions, log));
    release.join();
    ::close(held);
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, LosesNoRuleOfACompetingWriter) {
  inNamespaces([] {
    restore(exploded(3000));
    std::atomic<bool> stop = false;
    std::atomic<int> written = 0;
    std::thread writer([&] {
      while (!stop) {
        legacy(fmt::format("iptables-legacy -w -A MINE -s 192.0.2.{} -j DROP", written + 1));
        ++written;
      }
    });
    const std::vector<Action> actions{DedupeChain{kFilter, "KUBE-ROUTER-INPUT"}};
    LegacyRepairer doctor = repairer();
    for (int round = 0; round < 5; ++round) {
      KeptLog log;
      const Status applied = doctor.apply(actions, log);
      EXPECT_TRUE(applied) << applied.error().text();
      const Status undone = log.entries.empty() ? Status{} : doctor.undo(log.entries.front());
      EXPECT_TRUE(undone) << undone.error().text();
    }
    stop = true;
    writer.join();
    const std::string after = save();
    EXPECT_GT(written, 0);
    for (int i = 1; i <= written && i < 256; ++i) {
      EXPECT_NE(after.find(fmt::format("-s 192.0.2.{}/32 -j DROP", i)), std::string::npos) << i;
    }
    ::unlink(lockFile().c_str());
  });
}

TEST(LegacyRepairer, LosesNoPacket) {
  inNamespaces([] {
    ASSERT_EQ(outputOf("ip link set lo up"), "");
    restore(exploded(300));
    LegacyRepairer doctor = repairer();
    const std::vector<Action> actions{DedupeChain{kFilter, "KUBE-ROUTER-INPUT"}};
    Stream stream;
    for (int round = 0; round < 10; ++round) {
      KeptLog log;
      EXPECT_TRUE(doctor.apply(actions, log));
      for (const auto& entry : log.entries) {
        EXPECT_TRUE(doctor.undo(entry));
      }
    }
    stream.end();
    EXPECT_GT(stream.sent, 0);
    EXPECT_EQ(stream.lost, 0) << "of " << stream.sent;
    ::unlink(lockFile().c_str());
  });
}

}  // namespace
}  // namespace hitless::sys
