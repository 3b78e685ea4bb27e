#include "core/nft/walk_header.h"

#include <netinet/in.h>

#include <algorithm>

namespace hitless::nft {
namespace {

/// Offsets in the headers: RFC 791, RFC 8200, RFC 9293.
constexpr std::size_t kProtocolV4 = 9;
constexpr std::size_t kSourceV4 = 12;
constexpr std::size_t kDestinationV4 = 16;
constexpr std::size_t kProtocolV6 = 6;
constexpr std::size_t kSourceV6 = 8;
constexpr std::size_t kDestinationV6 = 24;
constexpr std::size_t kTcpFlags = 13;

}  // namespace

void WalkHeader::put(std::size_t offset, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size() && offset + i < kSize; ++i) {
    bytes_[offset + i] = bytes[i];
    known_[offset + i] = true;
  }
}

void WalkHeader::put(std::size_t offset, std::uint16_t number) {
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(number >> 8),
                                          static_cast<std::uint8_t>(number)};
  put(offset, bytes);
}

std::optional<Datum> WalkHeader::read(std::size_t offset, std::size_t length) const {
  if (offset > kSize || length > std::min(kSize - offset, Datum::kCapacity)) {
    return std::nullopt;
  }
  for (std::size_t i = offset; i < offset + length; ++i) {
    if (!known_[i]) {
      return std::nullopt;
    }
  }
  return Datum(std::span(bytes_).subspan(offset, length));
}

std::array<std::uint8_t, 16> interfaceName(std::string_view name) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(name.begin(), std::min(name.size(), bytes.size() - 1), bytes.begin());
  return bytes;
}

WalkHeader networkHeader(const WalkPacket& packet) {
  const bool v4 = packet.family == IpFamily::kV4;
  WalkHeader header;
  header.put(v4 ? kProtocolV4 : kProtocolV6, std::span(&packet.protocol, 1));
  header.put(v4 ? kSourceV4 : kSourceV6, packet.source.bytes());
  header.put(v4 ? kDestinationV4 : kDestinationV6, packet.destination.bytes());
  return header;
}

WalkHeader transportHeader(const WalkPacket& packet) {
  WalkHeader header;
  if (packet.protocol == IPPROTO_ICMP || packet.protocol == IPPROTO_ICMPV6) {
    header.put(0, std::span(&packet.icmpType, 1));
    return header;
  }
  header.put(0, packet.sourcePort);
  header.put(2, packet.destinationPort);
  if (packet.protocol == IPPROTO_TCP) {
    header.put(kTcpFlags, std::span(&packet.tcpFlags, 1));
  }
  return header;
}

}  // namespace hitless::nft
