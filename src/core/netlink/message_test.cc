#include "core/netlink/message.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <rapidcheck/gtest.h>

namespace hitless::netlink {
namespace {

TEST(NetlinkMessage, WhatIsWrittenIsRead) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(RTM_NEWLINK, NLM_F_REQUEST, 7);
  writer.header(ifinfomsg{});
  writer.putString(3, "veth0");
  const auto nest = writer.openNest(18);
  writer.putU8(1, 9);
  writer.putBe32(2, 0x01020304);
  writer.closeNest(nest);
  writer.end();

  const auto messages = parseMessages(bytes);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].type, RTM_NEWLINK);
  EXPECT_EQ(messages[0].sequence, 7U);
  const Attributes attributes = messages[0].attributes(sizeof(ifinfomsg));
  EXPECT_EQ(attributes.text(3), "veth0");
  EXPECT_EQ(attributes.nested(18).u8(1), 9);
  EXPECT_EQ(attributes.nested(18).be32(2), 0x01020304U);
  EXPECT_EQ(attributes.nested(18).be16(2), std::nullopt);
  EXPECT_EQ(attributes.find(99), nullptr);
}

TEST(NetlinkMessage, SeveralMessagesShareOneBuffer) {
  Bytes bytes;
  Writer writer(bytes);
  for (std::uint32_t sequence = 1; sequence <= 3; ++sequence) {
    writer.begin(16, 0, sequence);
    writer.putString(1, std::string(sequence, 'x'));
    writer.end();
  }
  const auto messages = parseMessages(bytes);
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[2].sequence, 3U);
  EXPECT_EQ(messages[2].attributes(0).text(1), "xxx");
}

TEST(NetlinkMessage, AnAckTellsTheKernelsWordsAndTheOffset) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 5);
  writer.header(nlmsgerr{-ENOENT, {}});
  writer.putString(NLMSGERR_ATTR_MSG, "no such table");
  writer.putU32(NLMSGERR_ATTR_OFFS, 20);
  writer.end();
  const auto ack = parseAck(parseMessages(bytes).at(0));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->code, ENOENT);
  EXPECT_EQ(ack->text, "no such table");
  EXPECT_EQ(ack->offset, 20U);
}

RC_GTEST_PROP(NetlinkMessage, ReadersSurviveAnyBytes, (const Bytes& bytes)) {
  std::size_t seen = 0;
  for (const Message& message : parseMessages(bytes)) {
    parseAck(message);
    for (const Attribute& attribute : message.attributes(4)) {
      seen += attribute.text().size() + Attributes(attribute.payload).payload(1).size();
    }
  }
  RC_ASSERT(seen <= bytes.size() * 2);
}

}  // namespace
}  // namespace hitless::netlink
