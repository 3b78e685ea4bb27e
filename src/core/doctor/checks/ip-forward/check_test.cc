#include "core/doctor/checks/ip-forward/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

Network podNode() {
  Network network;
  network.interfaces = {interface(1, "eth0", ""), interface(3, "cni0", "bridge"),
                        interface(4, "v", "veth", 3)};
  network.addresses = {{3, *Cidr::parse("10.42.0.1/24")}, {1, *Cidr::parse("2001:db8::1/64")}};
  network.routes = {{*Cidr::parse("0.0.0.0/0"), IpAddress::parse("192.0.2.1"), 1, false}};
  return network;
}

MadeEvidence node(const Network& network) {
  MadeEvidence made;
  made.has(names::kLinks, renderNetwork(network));
  made.has("proc/sys/net/ipv4/ip_forward", "1\n");
  return made;
}

TEST(IpForward, FindsWhatContainersNeed) {
  auto made = node(podNode());
  EXPECT_TRUE(kIpForward.run(made.evidence).empty());
  made.has("proc/sys/net/ipv4/ip_forward", "0\n");
  const auto found = kIpForward.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_EQ(found[0].repair.at(0), Action(WriteSysctl{"net/ipv4/ip_forward", "1"}));
  Network alone = podNode();
  alone.interfaces.pop_back();
  auto idle = node(alone);
  idle.has("proc/sys/net/ipv4/ip_forward", "0\n");
  EXPECT_TRUE(kIpForward.run(idle.evidence).empty()) << "no container runs";
}

TEST(IpForward, FindsSingleInterfaces) {
  auto made = node(podNode());
  made.has("proc/sys/net/ipv4/conf/cni0/forwarding", "1\n");
  made.has("proc/sys/net/ipv4/conf/eth0/forwarding", "0\n");
  const auto found = kIpForward.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "net/ipv4/conf/eth0/forwarding");
  made.has("proc/sys/net/ipv4/conf/cni0/forwarding", "0\n");
  EXPECT_EQ(kIpForward.run(made.evidence).size(), 2U);
}

TEST(IpForward, FindsALostIpv6Router) {
  auto made = node(podNode());
  made.has("proc/sys/net/ipv6/conf/all/forwarding", "1\n");
  made.has("proc/sys/net/ipv6/conf/eth0/accept_ra", "2\n");
  EXPECT_TRUE(kIpForward.run(made.evidence).empty());
  made.has("proc/sys/net/ipv6/conf/eth0/accept_ra", "1\n");
  const auto found = kIpForward.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].repair.at(0), Action(WriteSysctl{"net/ipv6/conf/eth0/accept_ra", "2"}));
  Network routed = podNode();
  routed.routes.push_back({*Cidr::parse("::/0"), IpAddress::parse("fe80::1"), 1, false});
  made.has(names::kLinks, renderNetwork(routed));
  EXPECT_TRUE(kIpForward.run(made.evidence).empty());
}

}  // namespace
}  // namespace hitless::doctor
