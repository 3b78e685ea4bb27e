#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/drain/gate.h"
#include "testing/gate_fixture.h"

namespace hitless::drain {
namespace {

using conntrack::TcpState;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::gate::deletedPod;
using testing::gate::full;
using testing::gate::node;
using testing::gate::upsert;
using Kind = Gate::Notice::Kind;

/// The gate of a pod that waits for quiet.
struct GateQuiet : testing::gate::GateTest {
  /// web-1 is deleted, and every node has removed it.
  void removed(const std::string& wish, int grace = 30) {
    gate.applyNodes(full({node("n1")}));
    removeAt(12);
    gate.setOwnWatermark(12);
    gate.applyPods(upsert(wishing(wish, grace)));
  }
  static std::string wishing(const std::string& wish, int grace) {
    std::string text = deletedPod(grace);
    const std::string id = R"("hitless.io/gate":"g-web-1")";
    return text.replace(text.find(id), id.size(),
                        id + R"(,"hitless.io/wait-for-quiet":")" + wish + "\"");
  }
  static OpenConnections clients(std::map<std::string, std::size_t> clients) {
    return {std::move(clients)};
  }
};

TEST_F(GateQuiet, KeepsSigtermBackUntilTheLastConnectionIsOver) {
  removed("true");
  open = clients({{"10.1.0.9", 2}});
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].kind, Kind::kConnected);
  EXPECT_EQ(notices[0].text, "2 connections are left: 2 from 10.1.0.9");
  EXPECT_EQ(*next, clock.mono() + GateOptions{}.quietPoll);

  clock.advance(GateOptions{}.quietPoll);
  open = clients({{"10.1.0.9", 1}});
  step();
  EXPECT_THAT(notices, IsEmpty());
  clock.advance(milliseconds(2750));
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].kind, Kind::kSlow);
  EXPECT_EQ(notices[0].text,
            "SIGTERM is held for 17.0 s more at most: 1 of 1 nodes removed the endpoint (revision "
            "12), 1 connection is left: 1 from 10.1.0.9");

  clock.advance(seconds(1));
  open = OpenConnections{};
  step();
  ASSERT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.text(),
            "SIGTERM released after 4000 ms (26.0 s of 30 s grace left): 1 of 1 nodes removed the "
            "endpoint (revision 12), the last connection ended 4000 ms later");
}

TEST_F(GateQuiet, DoesNotCountMoreOftenThanItMust) {
  removed("true");
  open = clients({{"10.1.0.9", 1}});
  gate.hold("g-web-1");
  step();
  clock.advance(GateOptions{}.quietPoll - nanoseconds(1));
  EXPECT_THAT(gate.step().count, IsEmpty());
  clock.advance(nanoseconds(1));
  EXPECT_THAT(gate.step().count, SizeIs(1));
}

TEST_F(GateQuiet, EndsWithTheGatesShareOfTheGracePeriod) {
  removed("true");
  open = clients({{"10.1.0.9", 3}, {"10.2.0.4", 5}, {"10.2.0.5", 1}, {"10.2.0.6", 1}});
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(20) - nanoseconds(1));
  step();
  EXPECT_THAT(answers, IsEmpty());
  clock.advance(nanoseconds(1));
  step();
  ASSERT_EQ(reason(), GateReason::kStillConnected);
  EXPECT_TRUE(answers[0].verdict.timedOut());
  EXPECT_EQ(answers[0].verdict.text(),
            "SIGTERM released after 20.0 s (10.0 s of 30 s grace left): time used up, 1 of 1 nodes "
            "removed the endpoint (revision 12), 10 connections are left: 5 from 10.2.0.4, 3 from "
            "10.1.0.9, 1 from 10.2.0.5, 1 from others");
}

TEST_F(GateQuiet, EndsWithTheTimeThatThePodAsksFor) {
  removed("2s");
  open = clients({{"10.1.0.9", 1}});
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(2));
  step();
  EXPECT_EQ(reason(), GateReason::kStillConnected);
}

TEST_F(GateQuiet, BeginsWhenTheNodesAreDone) {
  gate.applyNodes(full({node("n1"), node("n2")}));
  removeAt(12);
  gate.applyPods(upsert(wishing("2s", 30)));
  open = clients({{"10.1.0.9", 1}});
  gate.hold("g-web-1");
  EXPECT_THAT(gate.step().count, IsEmpty());
  clock.advance(seconds(5));
  gate.setOwnWatermark(12);
  gate.peerAnswered("n2", 12);
  step();
  EXPECT_THAT(answers, IsEmpty());
  clock.advance(seconds(2));
  step();
  ASSERT_EQ(reason(), GateReason::kStillConnected);
  EXPECT_EQ(answers[0].verdict.waited, seconds(7));
}

TEST_F(GateQuiet, DoesNotFollowMissingNodes) {
  gate.applyNodes(full({node("n1"), node("n2")}));
  removeAt(12);
  gate.applyPods(upsert(wishing("true", 30)));
  open = clients({{"10.1.0.9", 1}});
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(20));
  step();
  EXPECT_EQ(reason(), GateReason::kNodesMissing);
}

TEST_F(GateQuiet, HoldsForPodsWithoutAServiceToo) {
  gate = Gate{"n1", GateOptions{}, clock};
  gate.applyNodes(full({node("n1")}));
  gate.applyServices(full({}));
  gate.applySlices(full({}, 13));
  gate.applyPods(full({wishing("true", 30)}));
  open = clients({{"10.1.0.9", 1}});
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  open = OpenConnections{};
  clock.advance(seconds(1));
  step();
  ASSERT_EQ(reason(), GateReason::kNoEndpoints);
  EXPECT_NE(answers[0].verdict.text().find("no EndpointSlice holds the pod, the last connection "),
            std::string::npos);
}

TEST_F(GateQuiet, DoesNotWaitForWhatCannotBeToldOrIsNotWished) {
  open = std::nullopt;
  removed("true");
  gate.hold("g-web-1");
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);

  for (const char* wish : {"false", "0s", "nonsense"}) {
    gate = Gate{"n1", GateOptions{}, clock};
    SetUp();
    removed(wish);
    open = clients({{"10.1.0.9", 1}});
    gate.hold("g-web-1");
    step();
    EXPECT_EQ(reason(), GateReason::kAcknowledged) << wish;
  }
}

conntrack::Flow flow(const char* client, const char* server, std::optional<TcpState> state,
                     std::uint8_t protocol = conntrack::kTcp) {
  const auto at = [](const char* text) { return IpAddress::parse(text).value(); };
  // To a Service's address, translated to the server's.
  return {{protocol, at(client), 40000, at("10.96.0.10"), 80},
          {protocol, at(server), 8080, at(client), 40000},
          state,
          0,
          0};
}

TEST(OpenConnections, AreThoseToThePodThatCanCarryData) {
  const IpAddress pod = IpAddress::parse("10.1.0.5").value();
  const std::vector<conntrack::Flow> flows{
      flow("10.1.0.9", "10.1.0.5", TcpState::kEstablished),
      flow("10.1.0.9", "10.1.0.5", TcpState::kFinWait),
      flow("10.1.0.8", "10.1.0.5", TcpState::kCloseWait),
      flow("10.1.0.7", "10.1.0.5", TcpState::kSynRecv),
      flow("10.1.0.6", "10.1.0.5", TcpState::kSynSent),
      flow("10.1.0.6", "10.1.0.5", TcpState::kTimeWait),
      flow("10.1.0.6", "10.1.0.5", TcpState::kLastAck),
      flow("10.1.0.6", "10.1.0.5", TcpState::kClose),
      flow("10.1.0.6", "10.1.0.5", std::nullopt, conntrack::kUdp),
      flow("10.1.0.6", "10.1.0.4", TcpState::kEstablished),
      flow("10.1.0.5", "10.1.0.4", TcpState::kEstablished),
  };
  const OpenConnections open = openTo(flows, pod);
  EXPECT_EQ(open.clients, (std::map<std::string, std::size_t>{
                              {"10.1.0.7", 1}, {"10.1.0.8", 1}, {"10.1.0.9", 2}}));
  EXPECT_EQ(open.count(), 4U);
}

}  // namespace
}  // namespace hitless::drain
