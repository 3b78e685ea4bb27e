#include "core/departed/pinned_flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "core/conntrack/labels.h"

namespace hitless::departed {
namespace {

using conntrack::Flow;
using conntrack::TcpState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const IpAddress kPod = *IpAddress::parse("10.244.1.2");
const IpAddress kStranger = *IpAddress::parse("10.244.7.7");
const IpAddress kDead = *IpAddress::parse("10.244.2.2");
const IpAddress kClusterIp = *IpAddress::parse("10.96.0.10");

Flow flow(const IpAddress& from, const IpAddress& to, TcpState state) {
  Flow made;
  made.original = {conntrack::kTcp, from, 4000, to, 80};
  made.reply = {conntrack::kTcp, kDead, 8080, from, 4000};
  made.tcpState = state;
  made.status = to == kDead ? 0 : IPS_DST_NAT;
  return made;
}

TEST(PinnedFlows, ClientsOfThisNodeAreReset) {
  const std::vector<Flow> flows = {
      flow(kPod, kDead, TcpState::kEstablished), flow(kPod, kClusterIp, TcpState::kFinWait),
      flow(kStranger, kDead, TcpState::kEstablished),
      flow(kStranger, kClusterIp, TcpState::kEstablished)};  // Translated here.
  const PinnedFlows pinned = pinnedFlows(flows, {kDead}, {kPod});
  EXPECT_THAT(pinned.reset, ElementsAre(flows[0].original, flows[1].original, flows[3].original));
  EXPECT_THAT(pinned.forget, IsEmpty());
  EXPECT_THAT(pinnedFlows(flows, {kPod, kClusterIp}, {kPod}).reset, IsEmpty());
  EXPECT_EQ(pinnedFlows(flows, {kDead}, {kPod}, Look::kLast).forget, flows);
}

TEST(PinnedFlows, AttemptsUdpAndWhatIsClosingAreForgotten) {
  Flow udp = flow(kStranger, kDead, TcpState::kNone);
  udp.original.protocol = udp.reply.protocol = conntrack::kUdp;
  udp.tcpState = std::nullopt;
  const std::vector<Flow> flows = {flow(kPod, kDead, TcpState::kSynSent), udp,
                                   flow(kPod, kDead, TcpState::kLastAck),
                                   flow(kPod, kClusterIp, TcpState::kCloseWait)};
  const PinnedFlows pinned = pinnedFlows(flows, {kDead}, {kPod});
  EXPECT_THAT(pinned.reset, IsEmpty());
  EXPECT_EQ(pinned.forget, flows);
}

TEST(PinnedFlows, WhatThePodsNodeHasLedElsewhereLives) {
  Flow led = flow(kPod, kClusterIp, TcpState::kEstablished);
  led.setLabel(conntrack::kLedElsewhereLabel);
  for (const Look look : {Look::kNotLast, Look::kLast}) {
    const PinnedFlows pinned = pinnedFlows(std::vector{led}, {kDead}, {kPod}, look);
    EXPECT_THAT(pinned.reset, IsEmpty());
    EXPECT_THAT(pinned.forget, IsEmpty());
  }
}

TEST(PinnedFlows, WhatIsClosedIsLeftToItselfAndWhatWasResetIsForgotten) {
  const std::vector<Flow> flows = {flow(kPod, kDead, TcpState::kTimeWait),
                                   flow(kPod, kClusterIp, TcpState::kClose)};
  for (const Look look : {Look::kNotLast, Look::kLast}) {
    const PinnedFlows pinned = pinnedFlows(flows, {kDead}, {kPod}, look);
    EXPECT_THAT(pinned.reset, IsEmpty());
    EXPECT_THAT(pinned.forget, ElementsAre(flows[1]));
  }
}

}  // namespace
}  // namespace hitless::departed
