#include "core/conntrack/stale.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

namespace hitless::conntrack {
namespace {

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}
const IpAddress kVip = ip("10.96.0.10");
const IpAddress kClient = ip("10.244.1.2");

Flow flow(std::uint8_t protocol, const char* endpoint, std::uint32_t status,
          std::optional<TcpState> state = std::nullopt) {
  return {{protocol, kClient, 4000, kVip, 80},
          {protocol, ip(endpoint), 8080, kClient, 4000},
          state,
          status,
          1};
}

Destination destination(std::uint8_t protocol, std::vector<const char*> fresh,
                        std::vector<const char*> valid) {
  Destination made{protocol, kVip, 80, {}, {}};
  for (const char* host : fresh) {
    made.fresh.emplace_back(ip(host), 8080);
  }
  for (const char* host : valid) {
    made.valid.emplace_back(ip(host), 8080);
  }
  return made;
}

bool isStale(const Flow& candidate, const Destination& changed) {
  return !staleFlows(std::span(&candidate, 1), std::span(&changed, 1)).empty();
}

TEST(StaleFlows, UdpToAnEndpointThatIsGone) {
  const Flow gone = flow(kUdp, "10.244.1.9", IPS_DST_NAT | IPS_SEEN_REPLY | IPS_ASSURED);
  EXPECT_TRUE(isStale(gone, destination(kUdp, {"10.244.1.3"}, {"10.244.1.3"})));
  EXPECT_TRUE(isStale(gone, destination(kUdp, {}, {})));
  EXPECT_FALSE(isStale(gone, destination(kUdp, {"10.244.1.3"}, {"10.244.1.3", "10.244.1.9"})));
}

TEST(StaleFlows, UdpFromBeforeTheServiceHadEndpoints) {
  const Flow early = flow(kUdp, "10.96.0.10", 0);
  EXPECT_TRUE(isStale(early, destination(kUdp, {"10.244.1.3"}, {"10.244.1.3"})));
  EXPECT_FALSE(isStale(early, destination(kUdp, {}, {})));
}

TEST(StaleFlows, TcpOnlyBeforeTheEndpointAnswered) {
  const Flow waiting = flow(kTcp, "10.244.1.9", IPS_DST_NAT, TcpState::kSynSent);
  const Flow open =
      flow(kTcp, "10.244.1.9", IPS_DST_NAT | IPS_SEEN_REPLY | IPS_ASSURED, TcpState::kEstablished);
  const auto left = destination(kTcp, {"10.244.1.3"}, {"10.244.1.3", "10.244.1.9"});
  EXPECT_TRUE(isStale(waiting, left));
  EXPECT_FALSE(isStale(open, left));
  EXPECT_FALSE(isStale(open, destination(kTcp, {}, {})));
  EXPECT_FALSE(isStale(waiting, destination(kTcp, {"10.244.1.9"}, {"10.244.1.9"})));
}

TEST(StaleFlows, TcpThatWasReset) {
  const Flow reset =
      flow(kTcp, "10.244.1.9", IPS_DST_NAT | IPS_SEEN_REPLY | IPS_ASSURED, TcpState::kClose);
  EXPECT_TRUE(isStale(reset, destination(kTcp, {"10.244.1.3"}, {"10.244.1.3", "10.244.1.9"})));
  EXPECT_FALSE(isStale(reset, destination(kTcp, {"10.244.1.9"}, {"10.244.1.9"})));
  Flow closed = reset;
  closed.tcpState = TcpState::kTimeWait;
  EXPECT_FALSE(isStale(closed, destination(kTcp, {}, {})));
}

TEST(StaleFlows, TcpFromBeforeTheServiceHadEndpointsUntilItIsAnswered) {
  const auto served = destination(kTcp, {"10.244.1.3"}, {"10.244.1.3"});
  const Flow early = flow(kTcp, "10.96.0.10", 0, TcpState::kSynSent);
  EXPECT_TRUE(isStale(early, served));
  EXPECT_FALSE(isStale(early, destination(kTcp, {}, {"10.244.1.3"})));
  EXPECT_FALSE(isStale(flow(kTcp, "10.96.0.10", IPS_SEEN_REPLY, TcpState::kSynRecv), served));
}

TEST(StaleFlows, WhatWentToAnEndpointItselfNeedsNoTranslation) {
  auto itself = destination(kTcp, {}, {});
  itself.fresh = itself.valid = {{kVip, 8080}};
  EXPECT_FALSE(isStale(flow(kTcp, "10.96.0.10", 0, TcpState::kSynSent), itself));
}

TEST(StaleFlows, TheLastWordOnAnAddressCounts) {
  const Flow early = flow(kUdp, "10.96.0.10", 0);
  const Destination unserved = destination(kUdp, {}, {});
  const Destination served = destination(kUdp, {"10.244.1.3"}, {"10.244.1.3"});
  const auto staleWith = [&](const std::vector<Destination>& changed) {
    return staleFlows(std::span(&early, 1), changed).size();
  };
  EXPECT_EQ(staleWith({unserved, served}), 1U);
  EXPECT_EQ(staleWith({served, unserved}), 0U);
}

TEST(StaleFlows, OtherServicesAreLeftAlone) {
  const Flow other = flow(kUdp, "10.244.1.9", IPS_DST_NAT);
  auto changed = destination(kUdp, {}, {});
  changed.port = 81;
  EXPECT_FALSE(isStale(other, changed));
  EXPECT_FALSE(isStale(other, destination(kTcp, {}, {})));
}

}  // namespace
}  // namespace hitless::conntrack
