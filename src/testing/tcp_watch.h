#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>

#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "base/ip.h"
#include "testing/sockets.h"

/// What TCP looks like on an interface.
namespace hitless::testing {

struct SeenSegment {
  std::uint16_t destinationPort = 0;
  std::uint8_t flags = 0;  ///< TH_*
  std::uint16_t urgentPointer = 0;
  /// Its checksum is that of what came, not left to a network card.
  bool checksum = false;
};

/// All that an interface of the current network namespace sends and receives, from now on.
class TcpWatch {
 public:
  explicit TcpWatch(const char* interface)
      : fd_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0)
        << std::strerror(errno);
  }

  /// Those that begin connections to a port, since the last call.
  std::vector<SeenSegment> syns(std::uint16_t port) {
    std::vector<SeenSegment> seen;
    std::array<std::uint8_t, 2048> packet{};
    for (ssize_t size = 0; (size = ::recv(fd_.get(), packet.data(), packet.size(), 0)) > 0;) {
      const SeenSegment segment = read(std::span(packet).first(static_cast<std::size_t>(size)));
      if ((segment.flags & (TH_SYN | TH_ACK)) == TH_SYN && segment.destinationPort == port) {
        seen.push_back(segment);
      }
    }
    return seen;
  }

 private:
  static std::uint32_t sum(std::uint32_t start, std::span<const std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      start += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8 : bytes[i];
    }
    return start;
  }
  static std::uint16_t number(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
  }

  static SeenSegment read(std::span<const std::uint8_t> packet) {
    const bool v4 = packet[0] >> 4 == 4;
    const std::size_t header = v4 ? (packet[0] & 0xfU) * 4U : sizeof(ip6_hdr);
    const std::uint8_t protocol = packet[v4 ? 9 : 6];
    if (protocol != IPPROTO_TCP || packet.size() < header + sizeof(tcphdr)) {
      return {};
    }
    const auto addresses = v4 ? packet.subspan(12, 8) : packet.subspan(8, 32);
    const auto segment = packet.subspan(header);
    // RFC 9293 3.1: the pseudo header, then the segment; of what is right nothing is left.
    std::uint32_t total = sum(IPPROTO_TCP + static_cast<std::uint32_t>(segment.size()), addresses);
    total = sum(total, segment);
    while (total >> 16 != 0) {
      total = (total & 0xffff) + (total >> 16);
    }
    return {number(segment, 2), segment[13], number(segment, 18), total == 0xffff};
  }

  Fd fd_;
};

/// Has the kernel compute what it would leave to the network card, in the current namespace.
inline void sumUpInSoftware(const char* interface) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{ETHTOOL_STXCSUM, 0};
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  EXPECT_EQ(::ioctl(fd.get(), SIOCETHTOOL, &request), 0) << std::strerror(errno);
}

}  // namespace hitless::testing
