#include "core/netlink/ipset_codec.h"

#include <gtest/gtest.h>
#include <linux/netfilter/ipset/ip_set.h>

#include <random>

namespace hitless::netlink {
namespace {

/// What the kernel would answer: a create request has the same attributes.
Bytes answerOf(const ListedSet& set) {
  Bytes bytes = createSet(set, 1);
  const std::uint16_t type = 6 << 8 | IPSET_CMD_LIST;
  std::memcpy(bytes.data() + 4, &type, sizeof type);
  return bytes;
}

TEST(IpsetCodec, ASetSurvivesTheRoundTrip) {
  const ListedSet set = hashOfAddresses("KUBE-DST-X", 128);
  const Bytes answer = answerOf(set);
  EXPECT_EQ(listedSet(parseMessages(answer).at(0)), set);
  EXPECT_FALSE(listedSet(parseMessages(listSets("", false, 1)).at(0)));  // It has no name.
}

TEST(IpsetCodec, ManyMembersTakeSeveralMessages) {
  ListedSet set = hashOfAddresses("many", 65536);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    set.members.push_back(addressMember(i));
  }
  std::size_t next = 0;
  int messages = 0;
  while (next < set.members.size()) {
    const std::size_t before = next;
    const Bytes request = addMembers(set, next, next, 1);
    EXPECT_LT(request.size(), 64U * 1024);
    EXPECT_GT(next, before);
    ++messages;
  }
  EXPECT_GT(messages, 1);
}

TEST(IpsetCodecFuzz, AnyBytesAreReadOrRefused) {
  std::mt19937 random(5);
  ListedSet set = hashOfAddresses("KUBE-DST-X", 128);
  const Bytes whole = answerOf(set);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = whole;
    for (int change = 0; change < 3; ++change) {
      bytes[16 + random() % (bytes.size() - 16)] = static_cast<std::uint8_t>(random());
    }
    for (const Message& message : parseMessages(bytes)) {
      if (const auto read = listedSet(message)) {
        EXPECT_LE(read->made.size(), bytes.size());
      }
    }
  }
}

}  // namespace
}  // namespace hitless::netlink
