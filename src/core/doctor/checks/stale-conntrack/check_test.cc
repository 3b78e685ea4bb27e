#include "core/doctor/checks/stale-conntrack/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "core/doctor/links.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

conntrack::Flow flowTo(const char* pod, std::uint8_t protocol,
                       std::optional<conntrack::TcpState> state = {}) {
  return {{protocol, ip("10.42.0.5"), 4000, ip("10.96.0.10"), 53},
          {protocol, ip(pod), 53, ip("10.42.0.5"), 4000},
          state,
          0};
}

/// cni0 with 10.42.0.1/24; what its neighbours are is for the test.
struct Node {
  Network network;
  Flows flows;
  MadeEvidence made;
  Node() {
    network.interfaces = {interface(3, "cni0", "bridge"), interface(4, "v", "veth", 3)};
    network.addresses = {{3, *Cidr::parse("10.42.0.1/24")}};
  }
  std::vector<Finding> look(std::optional<std::uint16_t> before = std::nullopt) {
    Network earlier = network;
    for (auto& one : earlier.neighbours) {
      one.state = before.value_or(one.state);
    }
    made.becomes(names::kLinks, renderNetwork(earlier), renderNetwork(network));
    made.has(names::kFlows, renderFlows(flows));
    return kStaleConntrack.run(made.evidence);
  }
};

TEST(StaleConntrack, FindsFlowsToAddressesThatNobodyAnswersFor) {
  Node node;
  node.flows.flows = {flowTo("10.42.0.9", conntrack::kUdp), flowTo("10.42.0.8", conntrack::kUdp)};
  EXPECT_TRUE(node.look().empty()) << "no proof";
  node.network.neighbours = {{3, ip("10.42.0.9"), kNeighbourFailed}, {3, ip("10.42.0.8"), 2}};
  const auto found = node.look();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].evidence[0], HasSubstr("10.42.0.9: nobody answers"));
  ASSERT_EQ(found[0].repair.size(), 1U);
  const auto& action = std::get<DeleteFlows>(found[0].repair[0]);
  ASSERT_EQ(action.flows.size(), 1U);
  EXPECT_EQ(action.flows[0], node.flows.flows[0].original);
}

TEST(StaleConntrack, OneThatIsAskedForIsDeadOnlyIfItStaysSo) {
  Node node;
  node.flows.flows = {flowTo("10.42.0.9", conntrack::kUdp)};
  node.network.neighbours = {{3, ip("10.42.0.9"), kNeighbourIncomplete}};
  EXPECT_TRUE(node.look(std::uint16_t{2}).empty());
  EXPECT_EQ(node.look(kNeighbourFailed).size(), 1U);
}

TEST(StaleConntrack, ALeaseIsLife) {
  Node node;
  node.flows.flows = {flowTo("10.42.0.9", conntrack::kUdp)};
  node.made.has("var/lib/cni/networks/cbr0/10.42.0.7", "abc\r\neth0");
  node.made.has("var/lib/cni/networks/cbr0/lock", "");
  ASSERT_EQ(node.look().size(), 1U);
  EXPECT_THAT(node.look()[0].evidence[0], HasSubstr("host-local has given it to nobody"));
  node.made.has("var/lib/cni/networks/cbr0/10.42.0.9", "abc\r\neth0");
  EXPECT_TRUE(node.look().empty());
}

TEST(StaleConntrack, ABlockOfPodsHasARouteForEach) {
  Node node;
  node.network.routes = {{*Cidr::parse("10.50.0.0/26"), std::nullopt, 0, true},
                         {*Cidr::parse("10.50.0.7/32"), std::nullopt, 4, false}};
  node.flows.flows = {flowTo("10.50.0.7", conntrack::kUdp), flowTo("10.50.0.8", conntrack::kUdp)};
  const auto found = node.look();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].evidence[0], HasSubstr("10.50.0.8: no route leads to it"));
  node.network.routesCut = true;
  EXPECT_TRUE(node.look().empty());
}

TEST(StaleConntrack, LeavesTcpThatEndsAndWhatWasNotTranslated) {
  Node node;
  node.network.neighbours = {{3, ip("10.42.0.9"), kNeighbourFailed}};
  auto direct = flowTo("10.42.0.9", conntrack::kUdp);
  direct.original.destination = ip("10.42.0.9");
  node.flows.flows = {flowTo("10.42.0.9", conntrack::kTcp, conntrack::TcpState::kTimeWait), direct};
  EXPECT_TRUE(node.look().empty());
  node.flows.flows.push_back(
      flowTo("10.42.0.9", conntrack::kTcp, conntrack::TcpState::kEstablished));
  const auto found = node.look();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kWarning);
}

}  // namespace
}  // namespace hitless::doctor
