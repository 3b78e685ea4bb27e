#pragma once

#include <array>
#include <cstdint>
#include <span>

/// SCTP packets made by hand: few kernels have its sockets, while connection tracking understands
/// them where it was built to.
namespace hitless::testing {

/// Of a kernel whose connection tracking knows SCTP.
inline constexpr const char* kTracksSctp =
    "/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_closed";

/// CRC32c, as RFC 9260 has it.
inline std::uint32_t sctpChecksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc & 1U ? 0x82f63b78U : 0U);
    }
  }
  return ~crc;
}

/// The packet that begins an association.
inline std::array<std::uint8_t, 32> sctpInit(std::uint16_t port, std::uint16_t source = 40000) {
  std::array<std::uint8_t, 32> packet{
      static_cast<std::uint8_t>(source >> 8), static_cast<std::uint8_t>(source),
      static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
  packet[12] = 1;   // Chunk INIT
  packet[15] = 20;  // of this length,
  packet[19] = 7;   // initiate tag,
  packet[22] = 16;  // window of 4096,
  packet[25] = 1;   // one stream each way
  packet[27] = 1;
  packet[31] = 1;  // and the first TSN.
  const std::uint32_t sum = sctpChecksum(packet);
  for (unsigned i = 0; i < 4; ++i) {
    packet[8 + i] = static_cast<std::uint8_t>(sum >> 8 * i);
  }
  return packet;
}

}  // namespace hitless::testing
