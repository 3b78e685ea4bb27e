#include "core/conntrack/codec.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace hitless::conntrack {
namespace {

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(ConntrackCodec, AFlowSurvivesTheRoundTrip) {
  for (const char* prefix : {"10.0.0.", "fd00::"}) {
    const auto host = [&](const char* last) { return ip((std::string(prefix) + last).c_str()); };
    const Flow flow{{kTcp, host("1"), 40000, host("2"), 80},
                    {kTcp, host("3"), 8080, host("1"), 40000},
                    TcpState::kSynSent,
                    0x2a,
                    77,
                    {0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}};
    const auto bytes = encodeFlow(flow, 9);
    EXPECT_EQ(decodeFlow(netlink::parseMessages(bytes).at(0)), flow);
    EXPECT_TRUE(flow.labelled(9));
    EXPECT_TRUE(flow.labelled(127));
    EXPECT_FALSE(flow.labelled(8) || flow.labelled(126) || flow.labelled(137));
  }
}

TEST(ConntrackCodec, LabelsAreSetAndTakenOneByOne) {
  Flow flow;
  flow.setLabel(9);
  flow.setLabel(124);
  flow.setLabel(128);  // There is none.
  EXPECT_TRUE(flow.labelled(9) && flow.labelled(124));
  flow.setLabel(124, false);
  EXPECT_FALSE(flow.labelled(124));
  flow.setLabel(9, false);
  EXPECT_EQ(flow, Flow{});
}

TEST(ConntrackCodec, TextSaysWhereItWent) {
  const Flow flow{{kUdp, ip("10.0.0.1"), 4000, ip("10.96.0.10"), 53},
                  {kUdp, ip("10.1.0.9"), 5353, ip("10.0.0.1"), 4000},
                  std::nullopt,
                  0,
                  0};
  EXPECT_EQ(flow.text(), "udp 10.0.0.1:4000 -> 10.96.0.10:53 (reply from 10.1.0.9:5353)");
  EXPECT_FALSE(flow.seenReply());
}

RC_GTEST_PROP(ConntrackCodec, SurvivesAnyBytes, (const netlink::Bytes& bytes)) {
  netlink::Bytes framed;
  netlink::Writer writer(framed);
  writer.begin(0x100, 0, 1);
  writer.end();
  framed.insert(framed.end(), bytes.begin(), bytes.end());
  const auto size = static_cast<std::uint32_t>(framed.size());
  std::memcpy(framed.data(), &size, sizeof size);
  for (const auto& message : netlink::parseMessages(framed)) {
    RC_ASSERT(!decodeFlow(message) || !bytes.empty());
  }
}

}  // namespace
}  // namespace hitless::conntrack
