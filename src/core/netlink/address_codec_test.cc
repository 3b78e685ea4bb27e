#include "core/netlink/address_codec.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace hitless::netlink {
namespace {

struct Notification {
  std::uint16_t type = RTM_NEWADDR;
  std::uint32_t flags = 0;
  std::string own = "192.0.2.1";
  std::string peer;

  std::optional<IpAddress> read() const {
    Bytes bytes;
    Writer writer(bytes);
    writer.begin(type, 0, 1);
    ifaddrmsg info{};
    const IpAddress address = *IpAddress::parse(own);
    info.ifa_family = address.isV4() ? 2 : 10;
    writer.header(info);
    if (!peer.empty()) {
      writer.put(IFA_ADDRESS, IpAddress::parse(peer)->bytes());
      writer.put(IFA_LOCAL, address.bytes());
    } else {
      writer.put(IFA_ADDRESS, address.bytes());
    }
    writer.putU32(IFA_FLAGS, flags);
    writer.end();
    return interfaceAddress(parseMessages(bytes).at(0));
  }
};

TEST(AddressCodec, ReadsTheInterfacesOwnAddress) {
  EXPECT_EQ(Notification{}.read()->text(), "192.0.2.1");
  EXPECT_EQ((Notification{RTM_NEWADDR, 0, "2001:db8::1", ""}).read()->text(), "2001:db8::1");
  EXPECT_EQ((Notification{RTM_NEWADDR, 0, "192.0.2.1", "192.0.2.2"}).read()->text(), "192.0.2.1");
}

TEST(AddressCodec, PassesOverWhatCannotBeUsed) {
  EXPECT_FALSE((Notification{RTM_NEWADDR, IFA_F_TENTATIVE, "2001:db8::1", ""}).read());
  EXPECT_FALSE((Notification{RTM_NEWADDR, IFA_F_DADFAILED, "2001:db8::1", ""}).read());
  EXPECT_FALSE((Notification{RTM_DELADDR, 0, "192.0.2.1", ""}).read());
  EXPECT_FALSE(interfaceAddress({RTM_NEWADDR, 0, 1, {}}));
}

TEST(AddressCodec, LoopbackAndLinkLocalAreNotReachable) {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "169.254.1.1", "::1", "fe80::1"}) {
    EXPECT_FALSE(reachable(*IpAddress::parse(text))) << text;
  }
  for (const char* text : {"10.0.0.1", "192.0.2.1", "2001:db8::1", "fd00::1"}) {
    EXPECT_TRUE(reachable(*IpAddress::parse(text))) << text;
  }
}

}  // namespace
}  // namespace hitless::netlink
