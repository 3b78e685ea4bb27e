#include <gtest/gtest.h>

#include "testing/service_node.h"

/// The behaviour table (docs/services.md): SCTP. Few kernels have its sockets, so that the packets
/// are made by hand; connection tracking understands them where it was built to.
namespace hitless::sys {
namespace {

using testing::Dual;
using testing::Fd;
using testing::Host;
using testing::inNamespaces;
using testing::kBalancer;
using testing::kClient;
using testing::kClusterIp;
using testing::kPodA;
using testing::kPodB;
using testing::loadBalancer;
using testing::ServiceNode;
using testing::slice;
using testing::SocketAddress;

constexpr std::uint16_t kServicePort = 3868;
constexpr std::uint16_t kTargetPort = 3869;

/// CRC32c, as RFC 9260 has it.
std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
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
std::array<std::uint8_t, 32> init(std::uint16_t port) {
  std::array<std::uint8_t, 32> packet{0x9c, 0x40, static_cast<std::uint8_t>(port >> 8),
                                      static_cast<std::uint8_t>(port)};
  packet[12] = 1;   // Chunk INIT
  packet[15] = 20;  // of this length,
  packet[19] = 7;   // initiate tag,
  packet[22] = 16;  // window of 4096,
  packet[25] = 1;   // one stream each way
  packet[27] = 1;
  packet[31] = 1;  // and the first TSN.
  const std::uint32_t sum = checksum(packet);
  for (unsigned i = 0; i < 4; ++i) {
    packet[8 + i] = static_cast<std::uint8_t>(sum >> 8 * i);
  }
  return packet;
}

Fd rawSocket(const ServiceNode& node, Host host) {
  return node.network().at(host, [&] {
    return Fd(::socket(node.family() == IpFamily::kV4 ? AF_INET : AF_INET6,
                       SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_SCTP));
  });
}

/// "3869 from pod-a": the port that an INIT to a service arrives at, and whom it seems to be from.
std::string arrival(const ServiceNode& node, const Dual& from, const Dual& to) {
  const Fd client = rawSocket(node, from.host);
  const Fd server = rawSocket(node, Host::kB);
  const SocketAddress address(node.ip(to), 0);
  const auto packet = init(kServicePort);
  EXPECT_EQ(::sendto(client.get(), packet.data(), packet.size(), 0, address.get(), address.size),
            static_cast<ssize_t>(packet.size()))
      << std::strerror(errno);
  std::array<std::uint8_t, 128> received{};
  SocketAddress peer;
  if (!testing::readable(server.get()) ||
      ::recvfrom(server.get(), received.data(), received.size(), 0, peer.get(), &peer.size) < 0) {
    return "nothing";
  }
  const std::size_t header = node.family() == IpFamily::kV4 ? (received[0] & 0xfU) * 4U : 0;
  return fmt::format("{} from {}", received[header + 2] << 8 | received[header + 3],
                     testing::nameOf(testing::ipOf(peer)));
}

class ServiceSctp : public testing::ServiceTable {};
INSTANTIATE_TEST_SUITE_P(, ServiceSctp, testing::kBothFamilies, testing::familyName);

TEST_P(ServiceSctp, IsTranslatedAndMasqueraded) {
  if (::access("/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_closed", F_OK) != 0) {
    GTEST_SKIP() << "this kernel does not track SCTP";
  }
  inNamespaces([] {
    ServiceNode node(GetParam());
    // The same number as TCP is another port.
    node.serve(loadBalancer("web", "10.96.0.10,fd00:96::10",
                            R"([{"ip":"192.0.2.1"},{"ip":"2001:db8:1::1"}])",
                            {{"diameter", "SCTP", kServicePort}, {"http", "TCP", kServicePort}}),
               slice("web", {node.local(kPodB)},
                     {{"diameter", "SCTP", kTargetPort}, {"http", "TCP", testing::kTcpPort}}));
    EXPECT_EQ(arrival(node, kPodA, kClusterIp), "3869 from pod-a");
    EXPECT_EQ(arrival(node, kClient, kBalancer), "3869 from node");
    EXPECT_EQ(node.tcp(kPodA, kClusterIp, kServicePort), "pod-b:8080 sees pod-a");
  });
}

}  // namespace
}  // namespace hitless::sys
