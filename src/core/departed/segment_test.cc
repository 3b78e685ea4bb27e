#include "core/departed/segment.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/departed/waiting_syns.h"

namespace hitless::departed {
namespace {

const IpAddress kClient = *IpAddress::parse("10.244.1.2");
const IpAddress kServer = *IpAddress::parse("10.244.2.2");

conntrack::Tuple tuple(const IpAddress& from, std::uint16_t port, const IpAddress& to = kServer) {
  return {conntrack::kTcp, from, port, to, 8080};
}

/// A SYN as another segment with its flag.
Bytes syn(const conntrack::Tuple& wanted) {
  Bytes packet = askForNumbers({wanted.protocol, wanted.destination, wanted.destinationPort,
                                wanted.source, wanted.sourcePort},
                               7);
  packet[packet.size() - 21 + 13] = 0x02;
  return packet;
}

/// Whether all 16-bit words from the pseudo header on add up to all ones.
bool sums(const Bytes& packet) {
  const bool v4 = packet[0] >> 4 == 4;
  const std::size_t addresses = v4 ? 12 : 8;
  const std::size_t tcp = v4 ? 20 : 40;
  std::uint32_t total = 6 + static_cast<std::uint32_t>(packet.size() - tcp);
  for (std::size_t i = addresses; i < packet.size(); ++i) {
    total += (i - addresses) % 2 == 0 ? packet[i] << 8 : packet[i];
  }
  while (total > 0xffff) {
    total = (total & 0xffff) + (total >> 16);
  }
  return total == 0xffff;
}

TEST(DepartedSegment, AQuestionComesFromWhomTheClientDialled) {
  for (const auto& [client, server] :
       {std::pair{kClient, kServer},
        std::pair{*IpAddress::parse("fd00::2"), *IpAddress::parse("fd00:96::10")}}) {
    Bytes packet = askForNumbers(tuple(client, 40000, server), 0x01020304);
    EXPECT_TRUE(sums(packet));
    EXPECT_FALSE(parseSyn(packet));
    packet[packet.size() - 21 + 13] = 0x02;
    EXPECT_EQ(parseSyn(packet), (conntrack::Tuple{conntrack::kTcp, server, 8080, client, 40000}));
    EXPECT_FALSE(sums(packet));
    sumUp(packet);
    EXPECT_TRUE(sums(packet));
  }
}

RC_GTEST_PROP(DepartedSegment, ForeignBytesAreReadWithinTheirBounds, (Bytes bytes, bool v6)) {
  const Bytes whole = syn(v6 ? tuple(*IpAddress::parse("fd00::2"), 1, *IpAddress::parse("fd00::3"))
                             : tuple(kClient, 1));
  Bytes cut(whole.begin(),
            whole.begin() + static_cast<std::ptrdiff_t>(bytes.size() % (whole.size() + 1)));
  sumUp(bytes);
  RC_ASSERT(!parseSyn(cut) || cut.size() == whole.size());
  for (std::size_t i = 0; i < std::min(bytes.size(), cut.size()); ++i) {
    cut[i] = static_cast<std::uint8_t>(cut[i] ^ bytes[i]);
  }
  parseSyn(cut);
  sumUp(cut);
}

TEST(WaitingSyns, KeepTheNewestOfEachAttempt) {
  WaitingSyns waiting;
  EXPECT_TRUE(waiting.add(syn(tuple(kClient, 1))));
  EXPECT_TRUE(waiting.add(syn(tuple(kClient, 2))));
  Bytes again = syn(tuple(kClient, 1));
  again.back() = 9;
  EXPECT_TRUE(waiting.add(again));
  EXPECT_FALSE(waiting.add(askForNumbers(tuple(kClient, 1), 1)));  // No SYN.
  EXPECT_TRUE(waiting.takeAllBut({kServer}).empty());
  const auto taken = waiting.takeAllBut({});
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].tuple.sourcePort, 2);
  EXPECT_EQ(taken[1].packet, again);
  EXPECT_EQ(waiting.size(), 0U);
}

TEST(WaitingSyns, AreSentUnlessTheirClientsWereFaster) {
  using conntrack::TcpState;
  const IpAddress heir = *IpAddress::parse("10.244.2.9");
  EXPECT_EQ(resend(std::nullopt, heir), Resend::kYes);

  conntrack::Flow tracked;
  tracked.original = tuple(kClient, 1);
  tracked.reply = {conntrack::kTcp, heir, 8080, kClient, 1};
  tracked.tcpState = TcpState::kSynSent;
  EXPECT_EQ(resend(tracked, heir), Resend::kYes);
  for (const TcpState state : {TcpState::kSynRecv, TcpState::kEstablished}) {
    tracked.tcpState = state;
    EXPECT_EQ(resend(tracked, heir), Resend::kNo);
    // The address was reached before its pod went.
    EXPECT_EQ(resend(tracked, kServer), Resend::kAfterForgetting);
  }
  tracked.tcpState = TcpState::kTimeWait;  // An earlier connection from that port.
  EXPECT_EQ(resend(tracked, heir), Resend::kYes);
}

TEST(WaitingSyns, AreBoundedForEachClientAndInAll) {
  WaitingSyns waiting;
  for (std::uint32_t client = 0; client < 64; ++client) {
    for (std::uint16_t port = 1; port <= 40; ++port) {
      const bool fits = port <= WaitingSyns::kMostOfClient && waiting.size() < WaitingSyns::kMost;
      EXPECT_EQ(waiting.add(syn(tuple(IpAddress::v4(0x0a000000 + client), port))), fits);
    }
  }
  EXPECT_EQ(waiting.size(), WaitingSyns::kMost);
  EXPECT_TRUE(waiting.add(syn(tuple(IpAddress::v4(0x0a000000), 1))));  // Known already.
  waiting.takeAllBut({});
  EXPECT_TRUE(waiting.add(syn(tuple(IpAddress::v4(0x0a000099), 1))));
}

}  // namespace
}  // namespace hitless::departed
