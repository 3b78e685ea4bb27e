#include "core/departed/segment.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hitless::departed {
namespace {

constexpr std::size_t kV4Header = 20;
constexpr std::size_t kV6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kChecksum = 16;
constexpr std::uint8_t kHops = 64;

std::uint16_t be16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
void putBe16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
void putBe32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  putBe16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  putBe16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

IpAddress address(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4) {
    return IpAddress::v4(static_cast<std::uint32_t>(be16(bytes, 0)) << 16 | be16(bytes, 2));
  }
  std::array<std::uint8_t, 16> v6{};
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return IpAddress::v6(v6);
}

/// Where things lie in a packet.
struct Layout {
  std::size_t addresses = 0;  ///< Source, then destination.
  std::size_t addressSize = 0;
  std::size_t tcp = 0;
  std::size_t end = 0;
};

std::optional<Layout> layoutOf(std::span<const std::uint8_t> packet) {
  if (packet.size() < kV4Header) {
    return std::nullopt;
  }
  Layout layout;
  bool plain = false;
  if (packet[0] >> 4 == 4) {
    layout = {12, 4, (packet[0] & 0xfU) * 4U, be16(packet, 2)};
    plain = packet[9] == IPPROTO_TCP && (be16(packet, 6) & (IP_MF | IP_OFFMASK)) == 0 &&
            layout.tcp >= kV4Header;
  } else if (packet[0] >> 4 == 6 && packet.size() >= kV6Header) {
    layout = {8, 16, kV6Header, kV6Header + be16(packet, 4)};
    plain = packet[6] == IPPROTO_TCP;  // With extension headers it is nobody's usual SYN.
  }
  const bool whole = layout.end <= packet.size() && layout.end >= layout.tcp + kTcpHeader;
  return plain && whole ? std::optional(layout) : std::nullopt;
}

/// RFC 1071
std::uint32_t sum(std::span<const std::uint8_t> bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    total += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : std::uint32_t{bytes[i]};
  }
  return total;
}

void writeChecksum(std::span<std::uint8_t> packet, const Layout& layout) {
  const auto segment = packet.subspan(layout.tcp, layout.end - layout.tcp);
  putBe16(segment, kChecksum, 0);
  std::uint32_t total = sum(packet.subspan(layout.addresses, 2 * layout.addressSize)) +
                        IPPROTO_TCP + static_cast<std::uint32_t>(segment.size()) + sum(segment);
  while (total > 0xffff) {
    total = (total & 0xffff) + (total >> 16);
  }
  putBe16(segment, kChecksum, static_cast<std::uint16_t>(~total));
}

Bytes networkHeader(const IpAddress& source, const IpAddress& destination, std::size_t payload) {
  const bool v4 = source.isV4();
  Bytes packet((v4 ? kV4Header : kV6Header) + payload);
  if (v4) {
    packet[0] = 0x45;
    putBe16(packet, 2, static_cast<std::uint16_t>(packet.size()));
    putBe16(packet, 6, IP_DF);
    packet[8] = kHops;
    packet[9] = IPPROTO_TCP;
  } else {
    packet[0] = 0x60;
    putBe16(packet, 4, static_cast<std::uint16_t>(payload));
    packet[6] = IPPROTO_TCP;
    packet[7] = kHops;
  }
  const std::size_t at = v4 ? 12 : 8;
  std::copy(source.bytes().begin(), source.bytes().end(),
            packet.begin() + static_cast<std::ptrdiff_t>(at));
  std::copy(destination.bytes().begin(), destination.bytes().end(),
            packet.begin() + static_cast<std::ptrdiff_t>(at + source.bytes().size()));
  return packet;
}

}  // namespace

std::optional<conntrack::Tuple> parseSyn(std::span<const std::uint8_t> packet) {
  const auto layout = layoutOf(packet);
  if (!layout) {
    return std::nullopt;
  }
  const auto tcp = packet.subspan(layout->tcp);
  const std::size_t header = (tcp[12] >> 4) * 4U;
  if ((tcp[13] & (TH_SYN | TH_ACK | TH_RST)) != TH_SYN || header < kTcpHeader ||
      layout->tcp + header > layout->end) {
    return std::nullopt;
  }
  const auto source = packet.subspan(layout->addresses, layout->addressSize);
  const auto destination =
      packet.subspan(layout->addresses + layout->addressSize, layout->addressSize);
  return conntrack::Tuple{conntrack::kTcp, address(source), be16(tcp, 0), address(destination),
                          be16(tcp, 2)};
}

void sumUp(std::span<std::uint8_t> packet) {
  if (const auto layout = layoutOf(packet)) {
    writeChecksum(packet, *layout);
  }
}

Bytes askForNumbers(const conntrack::Tuple& original, std::uint32_t sequence) {
  constexpr std::size_t kOneByte = 1;
  Bytes packet = networkHeader(original.destination, original.source, kTcpHeader + kOneByte);
  const auto tcp = std::span(packet).last(kTcpHeader + kOneByte);
  putBe16(tcp, 0, original.destinationPort);
  putBe16(tcp, 2, original.sourcePort);
  putBe32(tcp, 4, sequence);
  tcp[12] = kTcpHeader / 4 << 4;
  tcp[13] = TH_ACK;
  sumUp(packet);
  return packet;
}

}  // namespace hitless::departed
