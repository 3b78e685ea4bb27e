#include <gtest/gtest.h>

#include <chrono>

#include "app/agent/policy_cutter.h"
#include "core/rules/departed_table.h"
#include "sys/netlink/raw_packets.h"
#include "testing/service_node.h"

/// What becomes of connections that NetworkPolicies forbid after they have begun, in the kernel.
namespace hitless::app {
namespace {

using conntrack::Flow;
using testing::Dual;
using testing::Host;
using testing::inNamespaces;
using testing::kClient;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::kPodX;
using testing::Visit;

constexpr const char* kRules = R"(
table inet judge {{
  set denied-v4 {{ type ipv4_addr; }}
  set denied-v6 {{ type ipv6_addr; }}
  chain raw-output {{ type filter hook output priority raw; meta mark 0x20 notrack; }}
  chain verdict {{
    ct state established ct label 124 accept
    ct reply ip saddr @denied-v4 goto refuse
    ct reply ip6 saddr @denied-v6 goto refuse
    ct label set 124
  }}
  chain refuse {{
    tcp flags rst drop
    meta l4proto tcp reject with tcp reset
    drop
  }}
  {}
}}
)";
constexpr const char* kWherePodsAreRouted =
    "chain forward { type filter hook forward priority filter; jump verdict; }";
/// In the second node's namespace pods' addresses are its own: the resets that the rules give pass
/// them.
constexpr const char* kWherePodsAreLocal = R"(
  chain input { type filter hook input priority filter; tcp flags rst accept; jump verdict; }
  chain output { type filter hook output priority filter; tcp flags rst accept; jump verdict; }
)";

/// Rules that judge as those for NetworkPolicies do, by a list of servers that nobody may reach, in
/// the network namespace where it is made.
class Judge {
 public:
  Judge(boost::asio::io_context& io, IpFamily family, const char* chains)
      : family_(family), worker_(io, flows_), io_(io) {
    const std::string rules = fmt::format(kRules, chains);
    EXPECT_EQ(testing::outputOf(fmt::format("echo '{}' | nft -f -", rules)), "");
  }

  /// In the rules of this namespace.
  void deny(const IpAddress& server) const {
    EXPECT_EQ(testing::outputOf(fmt::format("nft add element inet judge denied-v{} '{{ {} }}'",
                                            family_ == IpFamily::kV4 ? 4 : 6, server.text())),
              "");
  }
  /// Rules of some node deny it.
  void learn(const IpAddress& server) {
    denied_.insert(server);
    doubt(server);
  }
  void doubt(const IpAddress& server) { cutter_.rejudge({false, {server}}); }

  std::size_t cut = 0;

 private:
  IpFamily family_;
  sys::Conntrack flows_ = *sys::Conntrack::open();
  sys::RawPackets packets_ = *sys::RawPackets::open(rules::DepartedTableOptions{}.untrackedMark);
  FlowWorker worker_;
  boost::asio::io_context& io_;
  std::set<IpAddress> denied_;
  PolicyCutter cutter_{{io_, worker_, &packets_,
                        [this](const Flow& flow) { return denied_.contains(flow.reply.source); },
                        [this](std::size_t, std::size_t now) { cut += now; }}};
};

/// A node with such rules. Services are translated.
class JudgingNode {
 public:
  explicit JudgingNode(IpFamily family) : node_(family) {
    node_.serve(testing::service("web", fmt::format("{},{}", kClusterIp.v4, kClusterIp.v6)),
                testing::slice("web", {node_.remote(kPodX)}, {{"http", "TCP", testing::kTcpPort}}));
    judge_.emplace(io_, family, kWherePodsAreRouted);
  }

  Visit tcp(const Dual& from, const Dual& to, std::uint16_t port = testing::kTcpPort) {
    return node_.openTcp(from, to, port);
  }
  Visit udp(const Dual& from, const Dual& to) { return node_.openUdp(from, to, testing::kUdpPort); }
  void again(Visit& visit, const Dual& from) { node_.askAgain(visit, from); }

  /// In the rules first, as PolicyCutter::rejudge() wants it.
  void forbid(const Dual& server) {
    judge_->deny(node_.ip(server));
    judge_->learn(node_.ip(server));
  }
  void doubt(const Dual& server) { judge_->doubt(node_.ip(server)); }
  /// The second node judges, too.
  void addOther() {
    node_.network().at(Host::kOther, [&] {
      other_.emplace(io_, node_.family(), kWherePodsAreLocal);
      return 0;
    });
  }
  void otherForbids(const Dual& server) {
    node_.network().at(Host::kOther, [&] {
      other_->deny(node_.ip(server));
      return 0;
    });
    other_->learn(node_.ip(server));
    judge_->learn(node_.ip(server));
  }
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
  std::size_t cut() const { return judge_->cut; }

 private:
  testing::ServiceNode node_;
  boost::asio::io_context io_;
  std::optional<Judge> judge_;
  std::optional<Judge> other_;
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
    EXPECT_EQ(node.cut(), 4U);
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

TEST_P(ForbiddenConnections, EndAtBothEndsWhereTheClientsNodeTranslatesAndTheServersRefuses) {
  inNamespaces([] {
    JudgingNode node(GetParam());
    node.addOther();
    const Visit forbidden = node.tcp(kPodA, kClusterIp, 80);
    const Visit allowed = node.tcp(kPodA, kPodB);
    ASSERT_EQ(forbidden.outcome, "pod-x:8080 sees pod-a");
    node.otherForbids(kPodX);
    EXPECT_EQ(node.ending(forbidden.client), ECONNRESET);
    EXPECT_EQ(node.ending(forbidden.server), ECONNRESET);
    node.finish();
    EXPECT_TRUE(node.carries(allowed.client, allowed.server));
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
    EXPECT_EQ(node.cut(), 0U);
  });
}

}  // namespace
}  // namespace hitless::app
