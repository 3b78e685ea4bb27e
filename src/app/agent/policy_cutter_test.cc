#include "app/agent/policy_cutter.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/conntrack/labels.h"
#include "core/rules/departed_table.h"
#include "sys/netlink/raw_packets.h"
#include "testing/flow_table.h"
#include "testing/result.h"
#include "testing/service_node.h"

namespace hitless::app {
namespace {

using conntrack::Flow;
using testing::Dual;
using testing::inNamespaces;
using testing::kClient;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using testing::Visit;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

Flow judged(std::uint16_t port, const char* server) {
  Flow flow{{conntrack::kTcp, ip("10.1.0.1"), port, ip(server), 80},
            {conntrack::kTcp, ip(server), 80, ip("10.1.0.1"), port},
            conntrack::TcpState::kEstablished,
            0,
            port};
  flow.setLabel(conntrack::kJudgedLabel);
  return flow;
}

class Questions : public departed::PacketSender {
 public:
  Status send(std::span<const std::uint8_t>, const IpAddress&) override { return {}; }
  Status sendUntracked(std::span<const std::uint8_t>, const IpAddress& end) override {
    asked.push_back(end);
    return {};
  }
  std::vector<IpAddress> asked;
};

/// A connection to one server, and one to another, which is forbidden.
class PolicyCuts : public ::testing::Test {
 protected:
  PolicyCuts() { table_.flows = {judged(1, "10.1.0.2"), judged(2, "10.1.0.3")}; }

  bool labelled(std::size_t index) const {
    return table_.flows[index].labelled(conntrack::kJudgedLabel);
  }

  boost::asio::io_context io_;
  testing::FlowTable table_;
  FlowWorker worker_{io_, table_};
  Questions packets_;
  std::vector<std::pair<std::size_t, std::size_t>> looks_;  ///< Rejudged and cut.
  std::set<IpAddress> forbidden_{ip("10.1.0.3")};
  PolicyCutter cutter_{
      {io_, worker_, &packets_,
       [this](const Flow& flow) { return forbidden_.contains(flow.reply.source); },
       [this](std::size_t rejudged, std::size_t cut) { looks_.emplace_back(rejudged, cut); }}};
};

TEST_F(PolicyCuts, LookTwiceAndAskBothEndsOfWhatIsForbidden) {
  cutter_.rejudge({false, {ip("10.1.0.1")}});
  io_.run();
  EXPECT_FALSE(labelled(0) || labelled(1));
  const std::vector ends{ip("10.1.0.1"), ip("10.1.0.3"), ip("10.1.0.1"), ip("10.1.0.3")};
  EXPECT_EQ(packets_.asked, ends);
  const std::vector<std::pair<std::size_t, std::size_t>> looks{{2, 1}, {0, 0}};
  EXPECT_EQ(looks_, looks) << "what is asked again is not counted again";
}

TEST_F(PolicyCuts, LeaveConnectionsOfOthersAlone) {
  cutter_.rejudge({false, {ip("10.1.0.3")}});
  io_.run();
  EXPECT_TRUE(labelled(0));
  EXPECT_FALSE(labelled(1));
}

TEST_F(PolicyCuts, LookOnceForAllAddressesThatPodsHaveLeft) {
  for (const char* left : {"10.1.0.2", "10.1.0.3", "10.1.0.4"}) {
    cutter_.rejudgeSoon({ip(left)});
  }
  io_.poll();
  EXPECT_EQ(table_.dumps, 0);
  io_.run();
  EXPECT_EQ(table_.dumps, 1);
  EXPECT_FALSE(labelled(0) || labelled(1));
}

TEST_F(PolicyCuts, AreMadeWhenTheTableCanBeReadAgain) {
  table_.broken = true;
  cutter_.rejudge({true, {}});
  while (looks_.empty()) {
    io_.run_one();
  }
  EXPECT_TRUE(labelled(1));
  table_.broken = false;
  io_.run();
  EXPECT_FALSE(labelled(0) || labelled(1));
  EXPECT_EQ(packets_.asked.size(), 2U);
}

TEST_F(PolicyCuts, AskSoManyAtATimeThatTheLoopGoesOn) {
  table_.flows.clear();
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    table_.flows.push_back(judged(port, "10.1.0.3"));
  }
  cutter_.rejudge({true, {}});
  std::size_t most = 0;
  while (packets_.asked.size() < 4000) {
    const std::size_t before = packets_.asked.size();
    ASSERT_EQ(io_.run_one(), 1U);
    most = std::max(most, packets_.asked.size() - before);
  }
  EXPECT_LT(most, 1000U);
}

constexpr const char* kRules = R"(
table inet judge {
  set denied-v4 { type ipv4_addr; }
  set denied-v6 { type ipv6_addr; }
  chain raw-output { type filter hook output priority raw; meta mark 0x20 notrack; }
  chain forward {
    type filter hook forward priority filter;
    ct state established ct label 124 accept
    ct reply ip saddr @denied-v4 goto refuse
    ct reply ip6 saddr @denied-v6 goto refuse
    ct label set 124
  }
  chain refuse {
    tcp flags rst drop
    meta l4proto tcp reject with tcp reset
    drop
  }
}
)";

/// A node whose rules judge as those for NetworkPolicies do, by a list of servers that nobody may
/// reach. Services are translated.
class JudgingNode {
 public:
  explicit JudgingNode(IpFamily family) : node_(family) {
    EXPECT_EQ(testing::outputOf(fmt::format("echo '{}' | nft -f -", kRules)), "");
    node_.serve(testing::service("web", fmt::format("{},{}", kClusterIp.v4, kClusterIp.v6)),
                testing::slice("web", {node_.remote(kPodX)}, {{"http", "TCP", testing::kTcpPort}}));
  }

  Visit tcp(const Dual& from, const Dual& to, std::uint16_t port = testing::kTcpPort) {
    return node_.openTcp(from, to, port);
  }
  Visit udp(const Dual& from, const Dual& to) { return node_.openUdp(from, to, testing::kUdpPort); }
  void again(Visit& visit, const Dual& from) { node_.askAgain(visit, from); }

  /// In the rules first, as PolicyCutter::rejudge() wants it.
  void forbid(const Dual& server) {
    EXPECT_EQ(
        testing::outputOf(fmt::format("nft add element inet judge denied-v{} '{{ {} }}'",
                                      node_.family() == IpFamily::kV4 ? 4 : 6, node_.text(server))),
        "");
    denied_.insert(node_.ip(server));
    doubt(server);
  }
  void doubt(const Dual& server) { cutter_.rejudge({false, {node_.ip(server)}}); }
  /// With which error a connection ends that says nothing.
  int ending(const sys::Fd& fd) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!testing::readable(fd.get(), 0, POLLIN | POLLHUP) &&
           std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(5));
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
  /// Until nothing is left to do.
  void finish() {
    io_.restart();
    io_.run();
  }
  static bool carries(const sys::Fd& from, const sys::Fd& to) {
    std::array<char, 2> bytes{};
    return ::send(from.get(), "x", 1, MSG_NOSIGNAL) == 1 && testing::readable(to.get()) &&
           ::recv(to.get(), bytes.data(), bytes.size(), 0) == 1;
  }

  std::size_t cut = 0;

 private:
  testing::ServiceNode node_;
  boost::asio::io_context io_;
  sys::Conntrack flows_ = *sys::Conntrack::open();
  FlowWorker worker_{io_, flows_};
  sys::RawPackets packets_ = *sys::RawPackets::open(rules::DepartedTableOptions{}.untrackedMark);
  std::set<IpAddress> denied_;
  PolicyCutter cutter_{{io_, worker_, &packets_,
                        [this](const Flow& flow) { return denied_.contains(flow.reply.source); },
                        [this](std::size_t, std::size_t now) { cut += now; }}};
};

class ForbiddenConnections : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ForbiddenConnections, testing::kBothFamilies, testing::familyName);

TEST_P(ForbiddenConnections, EndAtBothEndsAlthoughTheySayNothing) {
  inNamespaces([] {
    JudgingNode node(GetParam());
    const Visit remote = node.tcp(kPodA, kPodX);
    const Visit local = node.tcp(kPodB, kPodA);
    const Visit service = node.tcp(kPodB, kClusterIp, 80);
    const Visit outside = node.tcp(kClient, kPodX, testing::kOtherTcpPort);
    const Visit allowed = node.tcp(kPodA, kPodB);
    ASSERT_EQ(remote.endpoint + local.endpoint + service.endpoint + outside.endpoint,
              "pod-xpod-apod-xpod-x");
    node.forbid(kPodX);
    node.forbid(kPodA);
    for (const Visit* visit : {&remote, &local, &service, &outside}) {
      EXPECT_EQ(node.ending(visit->client), ECONNRESET) << visit->outcome;
      EXPECT_EQ(node.ending(visit->server), ECONNRESET) << visit->outcome;
    }
    node.finish();
    EXPECT_TRUE(node.carries(allowed.client, allowed.server));
    EXPECT_TRUE(node.carries(allowed.server, allowed.client));
    EXPECT_EQ(node.cut, 4U);
  });
}

TEST_P(ForbiddenConnections, EndWhoeverSpeaksFirst) {
  inNamespaces([] {
    JudgingNode node(GetParam());
    const Visit visit = node.tcp(kPodA, kPodX);
    node.forbid(kPodX);
    // Of connections that are deleted, one goes on that its server speaks on first.
    ::send(visit.server.get(), "x", 1, MSG_NOSIGNAL);
    EXPECT_EQ(node.ending(visit.server), ECONNRESET);
    EXPECT_EQ(node.ending(visit.client), ECONNRESET);
  });
}

TEST_P(ForbiddenConnections, OfUdpStop) {
  inNamespaces([] {
    JudgingNode node(GetParam());
    Visit forbidden = node.udp(kPodA, kPodX);
    Visit allowed = node.udp(kPodA, kPodB);
    ASSERT_EQ(forbidden.outcome, "pod-x:5353 sees pod-a");
    node.forbid(kPodX);
    node.finish();
    node.again(forbidden, kPodA);
    EXPECT_EQ(forbidden.outcome, "no answer");
    node.again(allowed, kPodA);
    EXPECT_EQ(allowed.outcome, "pod-b:5353 sees pod-a");
  });
}

TEST_P(ForbiddenConnections, StayWhereTheDoubtWasUnfounded) {
  inNamespaces([] {
    JudgingNode node(GetParam());
    const Visit visit = node.tcp(kPodA, kPodX);
    node.doubt(kPodX);
    node.finish();
    EXPECT_TRUE(node.carries(visit.client, visit.server));
    EXPECT_TRUE(node.carries(visit.server, visit.client));
    EXPECT_EQ(node.cut, 0U);
  });
}

}  // namespace
}  // namespace hitless::app
