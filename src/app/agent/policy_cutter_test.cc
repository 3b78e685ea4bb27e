#include "app/agent/policy_cutter.h"

#include <gtest/gtest.h>

#include "core/conntrack/labels.h"
#include "testing/flow_table.h"

namespace hitless::app {
namespace {

using conntrack::Flow;

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

}  // namespace
}  // namespace hitless::app
