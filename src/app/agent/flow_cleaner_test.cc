#include "app/agent/flow_cleaner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;

class Flows : public conntrack::FlowTable {
 public:
  Result<std::vector<conntrack::Flow>> dump() override { return flows; }
  Status remove(const conntrack::Flow& flow) override {
    removed.push_back(flow.original.sourcePort);
    return {};
  }
  std::vector<conntrack::Flow> flows;
  std::vector<std::uint16_t> removed;
};

/// An attempt from `port` at 10.96.0.10:80 that was not translated.
conntrack::Flow attempt(std::uint8_t protocol, std::uint16_t port) {
  const IpAddress client = *IpAddress::parse("10.1.1.1");
  const IpAddress service = *IpAddress::parse("10.96.0.10");
  conntrack::Flow flow{
      {protocol, client, port, service, 80}, {protocol, service, 80, client, port}, {}, 0, 0};
  if (protocol == conntrack::kTcp) {
    flow.tcpState = conntrack::TcpState::kSynSent;
  }
  return flow;
}

conntrack::Destination served(std::uint8_t protocol) {
  const conntrack::Destination::Endpoint endpoint{*IpAddress::parse("10.1.1.2"), 8080};
  return {protocol, *IpAddress::parse("10.96.0.10"), 80, {endpoint}, {endpoint}};
}

TEST(FlowCleaner, CleansUdpAtOnceAndTcpWhenAnswersHaveHadTimeToArrive) {
  boost::asio::io_context io;
  testing::FakeClock clock;
  AgentMetrics metrics;
  Flows table;
  table.flows = {attempt(conntrack::kTcp, 1), attempt(conntrack::kUdp, 2)};
  FlowCleaner cleaner(io, table, clock, metrics);
  cleaner.clean({served(conntrack::kTcp), served(conntrack::kUdp)});
  EXPECT_THAT(table.removed, ElementsAre(2));
  io.run();
  EXPECT_THAT(table.removed, ElementsAre(2, 1));
  EXPECT_EQ(metrics.staleFlowsDeleted.v4, 2U);
}

}  // namespace
}  // namespace hitless::app
