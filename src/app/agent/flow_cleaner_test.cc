#include "app/agent/flow_cleaner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/flow_table.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint16_t> portsOf(const std::vector<conntrack::Flow>& flows) {
  std::vector<std::uint16_t> ports;
  for (const conntrack::Flow& flow : flows) {
    ports.push_back(flow.original.sourcePort);
  }
  return ports;
}

const IpAddress kService = *IpAddress::parse("10.96.0.10");
const IpAddress kServiceV6 = *IpAddress::parse("fd00:96::10");

/// An attempt from `port` at port 80 of a service that was not translated.
conntrack::Flow attempt(std::uint8_t protocol, std::uint16_t port,
                        const IpAddress& service = kService) {
  const IpAddress client = *IpAddress::parse(service.isV4() ? "10.1.1.1" : "fd00:1::1");
  conntrack::Flow flow{
      {protocol, client, port, service, 80}, {protocol, service, 80, client, port}, {}, 0, 0};
  if (protocol == conntrack::kTcp) {
    flow.tcpState = conntrack::TcpState::kSynSent;
  }
  return flow;
}

conntrack::Destination served(std::uint8_t protocol, const IpAddress& service = kService) {
  const char* endpoint = service.isV4() ? "10.1.1.2" : "fd00:1::2";
  const std::vector<conntrack::Destination::Endpoint> endpoints{
      {*IpAddress::parse(endpoint), 8080}};
  return {protocol, service, 80, endpoints, endpoints};
}

TEST(FlowCleaner, CleansUdpAtOnceAndTcpWhenAnswersHaveHadTimeToArrive) {
  boost::asio::io_context io;
  testing::FakeClock clock;
  AgentMetrics metrics;
  testing::FlowTable table;
  table.flows = {attempt(conntrack::kTcp, 1), attempt(conntrack::kUdp, 2)};
  FlowWorker worker(io, table);
  FlowCleaner cleaner(io, worker, clock, metrics);
  cleaner.clean({served(conntrack::kTcp), served(conntrack::kUdp)});
  std::vector<std::uint16_t> atOnce;
  cleaner.whenClean([&] { atOnce = portsOf(table.removed); });
  EXPECT_THAT(atOnce, ElementsAre());  // Not before it is done.
  io.run();
  EXPECT_THAT(atOnce, ElementsAre(2));
  EXPECT_THAT(portsOf(table.removed), ElementsAre(2, 1));
  EXPECT_EQ(metrics.staleFlowsDeleted.v4, 2U);
}

TEST(FlowCleaner, ReadsTheTableOnceForBothFamiliesAndCountsForEach) {
  boost::asio::io_context io;
  testing::FakeClock clock;
  AgentMetrics metrics;
  testing::FlowTable table;
  table.flows = {attempt(conntrack::kUdp, 1), attempt(conntrack::kUdp, 2, kServiceV6),
                 attempt(conntrack::kUdp, 3, kServiceV6)};
  FlowWorker worker(io, table);
  FlowCleaner cleaner(io, worker, clock, metrics);
  cleaner.clean({served(conntrack::kUdp), served(conntrack::kUdp, kServiceV6)});
  io.run();
  EXPECT_EQ(table.dumps, 1);
  EXPECT_EQ(metrics.staleFlowsDeleted.v4, 1U);
  EXPECT_EQ(metrics.staleFlowsDeleted.v6, 2U);
}

}  // namespace
}  // namespace hitless::app
