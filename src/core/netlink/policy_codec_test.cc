#include "core/netlink/policy_codec.h"

#include <gtest/gtest.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

namespace hitless::netlink {
namespace {

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(PolicyCodec, ARuleMatchesTheWholeMark) {
  const Bytes bytes = newRule({IpFamily::kV6, 0x1000, 5300, 53}, 7);
  const Message message = parseMessages(bytes).at(0);
  EXPECT_EQ(message.type, RTM_NEWRULE);
  EXPECT_EQ(message.sequence, 7U);
  const auto header = message.header<fib_rule_hdr>();
  ASSERT_TRUE(header);
  EXPECT_EQ(header->family, 10);
  EXPECT_EQ(header->action, FR_ACT_TO_TBL);
  const Attributes attributes = message.attributes(sizeof(fib_rule_hdr));
  EXPECT_EQ(attributes.u32(FRA_FWMARK), 0x1000U);
  EXPECT_EQ(attributes.u32(FRA_FWMASK), 0x1000U);
  EXPECT_EQ(attributes.u32(FRA_TABLE), 5300U);
  EXPECT_EQ(attributes.u32(FRA_PRIORITY), 53U);
  EXPECT_EQ(parseMessages(deleteRule({}, 8)).at(0).type, RTM_DELRULE);
}

TEST(PolicyCodec, ALocalRouteReadsBack) {
  for (const char* address : {"10.96.0.10", "fd00:96::10"}) {
    const Bytes bytes = newLocalRoute({ip(address), 5300}, 1);
    const auto route = localRouteOf(parseMessages(bytes).at(0));
    ASSERT_TRUE(route);
    EXPECT_EQ(route->address, ip(address));
    EXPECT_EQ(route->table, 5300U);
  }
}

TEST(PolicyCodec, OtherRoutesAreNotLocalOnes) {
  Bytes bytes = newLocalRoute({ip("10.96.0.10"), 5300}, 1);
  const auto withHeader = [&](auto change) {
    Bytes changed = bytes;
    rtmsg header;
    std::memcpy(&header, changed.data() + sizeof(nlmsghdr), sizeof header);
    change(header);
    std::memcpy(changed.data() + sizeof(nlmsghdr), &header, sizeof header);
    return localRouteOf(parseMessages(changed).at(0)).has_value();
  };
  EXPECT_TRUE(withHeader([](rtmsg&) {}));
  EXPECT_FALSE(withHeader([](rtmsg& header) { header.rtm_type = RTN_UNICAST; }));
  EXPECT_FALSE(withHeader([](rtmsg& header) { header.rtm_dst_len = 24; }));
  EXPECT_FALSE(withHeader([](rtmsg& header) { header.rtm_family = 10; }));
  const Bytes cut(bytes.begin(), bytes.begin() + sizeof(nlmsghdr));
  EXPECT_FALSE(localRouteOf({RTM_NEWROUTE, 0, 1, ByteView(cut).subspan(cut.size())}));
  const Bytes deletion = deleteLocalRoute({ip("10.96.0.10"), 5300}, 1);
  EXPECT_FALSE(localRouteOf(parseMessages(deletion).at(0)));
}

}  // namespace
}  // namespace hitless::netlink
