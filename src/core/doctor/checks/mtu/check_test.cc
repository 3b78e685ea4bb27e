#include "core/doctor/checks/mtu/check.h"

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

std::vector<Finding> look(const Network& network) {
  MadeEvidence made;
  made.has(names::kLinks, renderNetwork(network));
  return kMtu.run(made.evidence);
}

Network overlaid(const char* kind, std::uint32_t mtu) {
  Network network;
  network.interfaces = {interface(1, "eth0", ""), interface(2, "over", kind)};
  network.interfaces[1].mtu = mtu;
  network.interfaces[1].lower = 1;
  return network;
}

TEST(Mtu, AnOverlayHasToLeaveRoomForItsHeader) {
  for (const auto& [kind, most] : std::initializer_list<std::pair<const char*, std::uint32_t>>{
           {"vxlan", 1450}, {"ipip", 1480}, {"wireguard", 1440}, {"geneve", 1450}, {"gre", 1476}}) {
    EXPECT_TRUE(look(overlaid(kind, most)).empty()) << kind;
    const auto found = look(overlaid(kind, most + 1));
    ASSERT_EQ(found.size(), 1U) << kind;
    EXPECT_THAT(found[0].summary, HasSubstr(std::to_string(most)));
  }
  EXPECT_TRUE(look(overlaid("vxlan", 65000)).empty()) << "of Open vSwitch";
}

TEST(Mtu, FindsTheUnderlayByAddressOrDefaultRoute) {
  Network network = overlaid("vxlan", 1450);
  network.interfaces[1].lower = 0;
  EXPECT_TRUE(look(network).empty());
  network.interfaces[0].mtu = 1400;
  network.routes = {{*Cidr::parse("0.0.0.0/0"), IpAddress::parse("192.0.2.1"), 1, false}};
  EXPECT_EQ(look(network).size(), 1U);
  network.routes.clear();
  network.addresses = {{1, *Cidr::parse("2001:db8::1/64")}};
  network.interfaces[1].local = IpAddress::parse("2001:db8::1");
  network.interfaces[1].mtu = 1331;
  EXPECT_EQ(look(network).size(), 1U) << "70 bytes over IPv6";
  network.interfaces[1].mtu = 1330;
  EXPECT_TRUE(look(network).empty());
}

TEST(Mtu, PortsHaveTheMtuOfTheirBridge) {
  Network network;
  network.interfaces = {interface(3, "cni0", "bridge"), interface(4, "v", "veth", 3)};
  EXPECT_TRUE(look(network).empty());
  network.interfaces[1].mtu = 1450;
  const auto found = look(network);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].evidence.at(0), "v has MTU 1450, cni0 has 1500");
}

}  // namespace
}  // namespace hitless::doctor
