#include "sys/doctor/nft_repairer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <cerrno>
#include <thread>

#include "core/doctor/treatment.h"
#include "sys/doctor/nft_reader.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/sockets.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::DedupeChain;
using doctor::DeleteChains;
using doctor::InsertRule;
using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

const doctor::TablePlace kFilter{doctor::Backend::kNft, IpFamily::kV4, "filter"};
const Action kDedupe = DedupeChain{kFilter, "KUBE-ROUTER-INPUT"};
const nft::ChainPlace kChain{NFPROTO_IPV4, "filter", "KUBE-ROUTER-INPUT"};

/// Keeps what is recorded.
struct Log : doctor::UndoLog {
  Status record(const doctor::UndoEntry& entry) override {
    entries.push_back(entry);
    return {};
  }
  std::vector<doctor::UndoEntry> entries;
};

/// Three rules of kube-router, `times` over, and two others among them.
std::string incident(int times) {
  std::string text =
      "*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n"
      "-A INPUT -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-INPUT\n";
  for (int i = 0; i < times; ++i) {
    text +=
        "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"allow cluster IPs\" -j "
        "RETURN\n"
        "-A KUBE-ROUTER-INPUT -p tcp -m comment --comment \"allow LOCAL TCP\" -m addrtype "
        "--dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN\n"
        "-A KUBE-ROUTER-INPUT -p udp -m comment --comment \"allow LOCAL UDP\" -m addrtype "
        "--dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN\n";
    if (i == times / 2) {
      text += "-A KUBE-ROUTER-INPUT -s 192.0.2.7/32 -j DROP\n";
    }
    if (i == times - 2) {
      text += "-A KUBE-ROUTER-INPUT -s 192.0.2.8/32 -m mark --mark 0x1/0x1 -j DROP\n";
    }
  }
  return text + "COMMIT\n";
}

/// Through iptables-nft-restore; a pipe carries what fits no command line.
void load(const std::string& dump, const char* command = "iptables-nft-restore --noflush") {
  FILE* pipe = ::popen(command, "w");
  ASSERT_NE(pipe, nullptr);
  std::fwrite(dump.data(), 1, dump.size(), pipe);
  ASSERT_EQ(::pclose(pipe), 0);
}

/// Without the lines that tell the time.
std::string saved() {
  return outputOf("iptables-nft-save | grep -v '^#'");
}

/// Repeats the first three rules until there are `wanted`, faster than iptables does.
void multiply(std::size_t wanted) {
  auto committer = NftCommitter::open();
  ASSERT_OK(committer);
  const auto head = readRuleHead(kChain, 3);
  ASSERT_OK(head);
  for (std::size_t have = readRuleHead(kChain, wanted)->rules.size(); have < wanted;) {
    auto batch = committer->begin(readNftGeneration(committer->socket())->id);
    while (have < wanted && batch.bytes().size() < committer->maxBytes() / 2) {
      batch.addRule(head->rules[have++ % 3], {});
    }
    ASSERT_OK(committer->commit(batch, "multiply"));
  }
}

/// A thread that commits until it goes out of scope.
class Writer {
 public:
  template <class Step>
  Writer(std::chrono::microseconds pause, Step step)
      : thread_([this, pause, step] {
          auto committer = NftCommitter::open();
          for (int round = 0; !stop_; ++round) {
            auto batch = committer->begin(0);
            step(batch, round);
            commits_ += committer->commit(batch, "write") ? 1 : 0;
            std::this_thread::sleep_for(pause);
          }
        }) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { finish(); }
  int finish() {
    stop_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return commits_;
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> commits_ = 0;
  std::thread thread_;
};

void undoAll(NftRepairer& repairer, const Log& log) {
  doctor::Repairer* const repairers[] = {&repairer};
  EXPECT_THAT(doctor::undo(log.entries, repairers), ::testing::IsEmpty());
}

TEST(NftRepairer, TakesRepetitionsOutAndBringsThemBackInTheirOrder) {
  inNamespaces([] {
    load(incident(40));
    multiply(2102);
    const std::string before = saved();
    const auto head = readRuleHead(kChain, 3);
    NftRepairer repairer;
    Log log;
    EXPECT_TRUE(repairer.canDo(kDedupe));
    EXPECT_THAT(*repairer.plan(kDedupe), ::testing::ElementsAre("2,102 rules become 5"));
    ASSERT_OK(repairer.apply({&kDedupe, 1}, log));
    ASSERT_OK(repairer.verify({&kDedupe, 1}));
    const auto after = readRuleHead(kChain, 100);
    ASSERT_OK(after);
    ASSERT_EQ(after->rules.size(), 5U);
    EXPECT_EQ(after->rules[0].handle, head->rules[0].handle);
    EXPECT_EQ(after->rules[2].handle, head->rules[2].handle);
    EXPECT_THAT(saved(), HasSubstr("-s 192.0.2.7/32 -j DROP"));
    EXPECT_THAT(saved(), HasSubstr("-s 192.0.2.8/32 -m mark --mark 0x1/0x1 -j DROP"));
    // Nothing more is there to do, and nothing is done.
    const std::size_t entries = log.entries.size();
    (void)repairer.apply({&kDedupe, 1}, log);
    EXPECT_EQ(log.entries.size(), entries);
    undoAll(repairer, log);
    EXPECT_EQ(saved(), before);
  });
}

TEST(NftRepairer, UndoesFromAFile) {
  inNamespaces([] {
    load(incident(40));
    const std::string before = saved();
    Log log;
    ASSERT_OK(NftRepairer().apply({&kDedupe, 1}, log));
    for (doctor::UndoEntry& entry : log.entries) {
      entry.before = boost::json::parse(boost::json::serialize(entry.before)).as_object();
    }
    NftRepairer another;
    undoAll(another, log);
    EXPECT_EQ(saved(), before);
    // What is there is not put there again.
    undoAll(another, log);
    EXPECT_EQ(saved(), before);
  });
}

TEST(NftRepairer, FinishesBesideAWriterElsewhere) {
  inNamespaces([] {
    load(incident(2));
    multiply(6000);
    const nft::ChainPlace other{NFPROTO_IPV4, "filter", "OTHER"};
    Writer writer(std::chrono::milliseconds(20), [&](nft::ForeignBatch& batch, int round) {
      round % 2 == 0 ? batch.addChain(other) : batch.deleteChain(other);
    });
    NftRepairer repairer;
    Log log;
    ASSERT_OK(repairer.apply({&kDedupe, 1}, log));
    EXPECT_GT(writer.finish(), 0);
    ASSERT_OK(repairer.verify({&kDedupe, 1}));
    EXPECT_EQ(readRuleHead(kChain, 100)->rules.size(), 5U);
  });
}

TEST(NftRepairer, FinishesWhileTheChainGrows) {
  inNamespaces([] {
    load(incident(2));
    multiply(3000);
    const nft::RawRule rule = readRuleHead(kChain, 1)->rules[0];
    Writer writer(std::chrono::milliseconds(5),
                  [&](nft::ForeignBatch& batch, int) { batch.addRule(rule, {}); });
    NftRepairer repairer;
    Log log;
    ASSERT_OK(repairer.apply({&kDedupe, 1}, log));
    ASSERT_OK(repairer.verify({&kDedupe, 1}));
    EXPECT_GT(writer.finish(), 0);
    EXPECT_THAT(saved(), HasSubstr("-s 192.0.2.7/32 -j DROP"));
  });
}

TEST(NftRepairer, TakesNothingOutWhenTheCopyThatStaysIsGone) {
  inNamespaces([] {
    load(incident(2));
    const auto head = readRuleHead(kChain, 100);
    ASSERT_OK(head);
    auto committer = NftCommitter::open();
    ASSERT_OK(committer);
    const std::string before = saved();
    auto refused = committer->begin(0);
    refused.expectRule(kChain, 4711);
    refused.deleteRule(kChain, head->rules[0].handle);
    EXPECT_EQ(committer->commit(refused, "delete").error().osError, ENOENT);
    EXPECT_EQ(saved(), before);
    // The question itself changes nothing.
    auto asked = committer->begin(0);
    asked.expectRule(kChain, head->rules[0].handle);
    ASSERT_OK(committer->commit(asked, "ask"));
    EXPECT_EQ(saved(), before);
  });
}

TEST(NftRepairer, LosesNoPacketOfASteadyStream) {
  inNamespaces([] {
    outputOf("ip link set lo up");
    load(incident(2));
    multiply(2000);
    // Only these rules let the stream through.
    outputOf("iptables-nft -I KUBE-ROUTER-INPUT 3 -p udp --dport 4000 -j ACCEPT");
    outputOf("iptables-nft -P INPUT DROP");
    const testing::Fd server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    testing::SocketAddress address(*IpAddress::parse("127.0.0.1"), 4000);
    ASSERT_EQ(::bind(server.get(), address.get(), address.size), 0);
    std::atomic<bool> stop = false;
    int sent = 0;
    int lost = 0;
    std::thread stream([&] {
      const testing::Fd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      char byte = 0;
      for (; !stop && lost == 0; ++sent) {
        ::sendto(client.get(), "x", 1, 0, address.get(), address.size);
        const bool arrived =
            testing::readable(server.get(), 1000) && ::recv(server.get(), &byte, 1, 0) == 1;
        lost += arrived ? 0 : 1;
      }
    });
    NftRepairer repairer;
    Log log;
    const Status done = repairer.apply({&kDedupe, 1}, log);
    stop = true;
    stream.join();
    ASSERT_OK(done);
    EXPECT_GT(sent, 0);
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(readRuleHead(kChain, 100)->rules.size(), 6U);
  });
}

TEST(NftRepairer, LeavesWhatCountsOrHasNoOwner) {
  inNamespaces([] {
    load(
        "*filter\n:KUBE-ROUTER-INPUT - [0:0]\n:MINE - [0:0]\n"
        "-A KUBE-ROUTER-INPUT -m limit --limit 5/min -j ACCEPT\n"
        "-A KUBE-ROUTER-INPUT -m limit --limit 5/min -j ACCEPT\n"
        "-A MINE -s 10.0.0.1/32 -j ACCEPT\n-A MINE -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n");
    const std::string before = saved();
    NftRepairer repairer;
    Log log;
    const Action mine = DedupeChain{kFilter, "MINE"};
    EXPECT_FALSE(repairer.plan(kDedupe));
    EXPECT_FALSE(repairer.plan(mine));
    (void)repairer.apply({&kDedupe, 1}, log);
    (void)repairer.apply({&mine, 1}, log);
    EXPECT_EQ(saved(), before);
    EXPECT_THAT(log.entries, ::testing::IsEmpty());
  });
}

TEST(NftRepairer, DeletesChainsAndWhatLeadsThere) {
  inNamespaces([] {
    load(
        "*filter\n:KUBE-POD-FW-A - [0:0]\n:KUBE-NWPLCY-B - [0:0]\n:KUBE-ROUTER-FORWARD - [0:0]\n"
        "-A FORWARD -m comment --comment \"kube-router\" -j KUBE-ROUTER-FORWARD\n"
        "-A KUBE-ROUTER-FORWARD -s 10.0.0.1/32 -j ACCEPT\n"
        "-A KUBE-ROUTER-FORWARD -d 10.0.0.7/32 -j KUBE-POD-FW-A\n"
        "-A KUBE-ROUTER-FORWARD -s 10.0.0.7/32 -j KUBE-POD-FW-A\n"
        "-A KUBE-ROUTER-FORWARD -s 10.0.0.2/32 -j ACCEPT\n"
        "-A KUBE-POD-FW-A -p tcp -m tcp --dport 80 -j KUBE-NWPLCY-B\n"
        "-A KUBE-POD-FW-A -j REJECT --reject-with icmp-port-unreachable\n"
        "-A KUBE-NWPLCY-B -m mark --mark 0x10000/0x10000 -j RETURN\nCOMMIT\n");
    const std::string before = saved();
    const Action action = DeleteChains{kFilter, {"KUBE-POD-FW-A", "KUBE-NWPLCY-B", "GONE"}};
    NftRepairer repairer;
    Log log;
    EXPECT_THAT(*repairer.plan(action),
                ::testing::ElementsAre("2 chains with 3 rules go, and 2 rules that lead there"));
    EXPECT_FALSE(repairer.verify({&action, 1}));
    ASSERT_OK(repairer.apply({&action, 1}, log));
    ASSERT_OK(repairer.verify({&action, 1}));
    EXPECT_THAT(saved(), ::testing::Not(HasSubstr("KUBE-POD-FW")));
    EXPECT_EQ(repairer.apply({&action, 1}, log).error().kind, ErrorKind::kNotFound);
    undoAll(repairer, log);
    EXPECT_EQ(saved(), before);
  });
}

TEST(NftRepairer, PutsARuleInAsIptablesWritesIt) {
  inNamespaces([] {
    load("*filter\n:KUBE-FORWARD - [0:0]\n-A FORWARD -s 10.9.9.9/32 -j ACCEPT\nCOMMIT\n");
    const std::string before = saved();
    const std::string rule =
        "-s 10.0.0.0/9 ! -d 10.1.2.3/32 -i eth0 ! -o cni+ -p tcp -m comment --comment "
        "\"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j KUBE-FORWARD";
    const Action action = InsertRule{kFilter, "FORWARD", rule, true};
    NftRepairer repairer;
    Log log;
    EXPECT_THAT(*repairer.plan(action),
                ::testing::ElementsAre("FORWARD gets one rule at its head"));
    ASSERT_OK(repairer.apply({&action, 1}, log));
    ASSERT_OK(repairer.verify({&action, 1}));
    EXPECT_THAT(saved(), HasSubstr("-A FORWARD " + rule + "\n-A FORWARD -s 10.9.9.9/32"));
    // iptables-nft knows it again.
    EXPECT_EQ(outputOf("iptables-nft -C FORWARD " + rule), "");
    undoAll(repairer, log);
    EXPECT_EQ(saved(), before);
    const Action strange = InsertRule{kFilter, "FORWARD", "-m recent --set -j ACCEPT", true};
    EXPECT_EQ(repairer.plan(strange).error().kind, ErrorKind::kUnsupported);
  });
}

TEST(NftRepairer, LeavesATableThatAProcessHasForItself) {
  inNamespaces([] {
    // nft keeps the table for as long as it runs.
    FILE* owner = ::popen("nft -i >/dev/null", "w");
    ASSERT_NE(owner, nullptr);
    std::fputs("add table ip filter { flags owner; }\nadd chain ip filter KUBE-ROUTER-INPUT\n",
               owner);
    std::fflush(owner);
    while (outputOf("nft list tables").find("filter") == std::string::npos) {
      std::this_thread::yield();
    }
    const auto plan = NftRepairer().plan(kDedupe);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message, HasSubstr("belongs to one process alone"));
    ::pclose(owner);
  });
}

}  // namespace
}  // namespace hitless::sys
