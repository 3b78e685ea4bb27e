#include <gtest/gtest.h>

#include "testing/sctp_packet.h"
#include "testing/service_node.h"

/// The behaviour table (docs/services.md): SCTP.
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
  const auto packet = testing::sctpInit(kServicePort);
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
  if (::access(testing::kTracksSctp, F_OK) != 0) {
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
