#include "core/policy/rejudge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/conntrack/labels.h"

namespace hitless::policy {
namespace {

using conntrack::Flow;
using conntrack::TcpState;
using conntrack::Tuple;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}
const IpAddress kClient = ip("10.244.1.2");
const IpAddress kService = ip("10.96.0.10");
const IpAddress kServer = ip("10.244.2.2");

/// By way of a Service; the client's port tells flows apart.
Flow flow(std::uint16_t port, std::optional<TcpState> state, bool judged = true) {
  const std::uint8_t protocol = state ? conntrack::kTcp : conntrack::kUdp;
  Flow made{{protocol, kClient, port, kService, 80},
            {protocol, kServer, 8080, kClient, port},
            state,
            0,
            port};
  made.setLabel(conntrack::kJudgedLabel, judged);
  return made;
}

std::vector<std::uint16_t> ports(const std::vector<Flow>& flows) {
  std::vector<std::uint16_t> out;
  for (const Flow& each : flows) {
    out.push_back(each.original.sourcePort);
  }
  return out;
}

TEST(Rejudge, IsAboutWhereConnectionsBeginAndReallyEnd) {
  const std::vector flows{flow(1, TcpState::kEstablished)};
  for (const IpAddress& end : {kClient, kServer}) {
    EXPECT_THAT(rejudge(flows, {false, {end}}).labelled, ElementsAre(flows[0])) << end.text();
  }
  EXPECT_THAT(rejudge(flows, {true, {}}).labelled, ElementsAre(flows[0]));
  EXPECT_THAT(rejudge(flows, {false, {kService}}).labelled, IsEmpty());
  EXPECT_THAT(rejudge(flows, {false, {}}).waiting, IsEmpty());
}

TEST(Rejudge, TakesLabelsOfAllProtocolsAndAsksWhoMayWait) {
  const std::vector flows{flow(1, TcpState::kEstablished), flow(2, TcpState::kSynSent),
                          flow(3, std::nullopt),           flow(4, TcpState::kTimeWait),
                          flow(5, TcpState::kClose),       flow(6, TcpState::kEstablished, false),
                          flow(7, std::nullopt, false)};
  const Rejudgement found = rejudge(flows, {true, {}});
  EXPECT_THAT(ports(found.labelled), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(ports(found.waiting), ElementsAre(1, 5, 6));
}

TEST(Rejudge, AsksEachEndAsItsPeerWould) {
  EXPECT_THAT(endsOf(flow(1, TcpState::kEstablished)),
              ElementsAre(Tuple{conntrack::kTcp, kClient, 1, kService, 80},
                          Tuple{conntrack::kTcp, kServer, 8080, kClient, 1}));
}

TEST(Rejudge, DoubtsAddUp) {
  Doubt doubt{false, {kClient}};
  EXPECT_FALSE(doubt.none());
  doubt.add({false, {kServer}});
  EXPECT_THAT(doubt.addresses, ElementsAre(kClient, kServer));
  doubt.add({true, {}});
  EXPECT_TRUE(doubt.all);
  EXPECT_TRUE(Doubt{}.none());
}

}  // namespace
}  // namespace hitless::policy
