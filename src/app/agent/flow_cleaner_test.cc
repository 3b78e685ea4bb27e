#include "app/agent/flow_cleaner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

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

/// An attempt from `port` at 10.96.0.10:80.
conntrack::Flow attempt(std::uint16_t port, std::uint32_t status, std::uint16_t to = 80) {
  const IpAddress client = *IpAddress::parse("10.1.1.1");
  const IpAddress service = *IpAddress::parse("10.96.0.10");
  return {{conntrack::kTcp, client, port, service, to},
          {conntrack::kTcp, service, to, client, port},
          conntrack::TcpState::kSynSent,
          status,
          0};
}

TEST(FlowCleaner, FreesWhatBeganWhileThereWereNoRules) {
  boost::asio::io_context io;
  testing::FakeClock clock;
  AgentMetrics metrics;
  Flows table;
  table.flows = {attempt(1, 0), attempt(2, IPS_DST_NAT),  // translated: it will be answered
                 attempt(3, IPS_SEEN_REPLY),              // answered: by a reject rule, for one
                 attempt(4, 0, 443)};                     // no port of the service
  FlowCleaner cleaner(io, table, clock, metrics);
  cleaner.freeUntranslated({{conntrack::kTcp, *IpAddress::parse("10.96.0.10"), 80}});
  EXPECT_THAT(table.removed, ElementsAre(1));
  EXPECT_EQ(metrics.staleFlowsDeleted.v4, 1U);
}

}  // namespace
}  // namespace hitless::app
