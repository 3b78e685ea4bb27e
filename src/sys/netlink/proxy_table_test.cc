#include "core/rules/proxy_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/text.h"
#include "core/rules/names.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/service_network.h"

/// What the kernel does with a pod's connections.
namespace hitless::sys {
namespace {

using proxy::PortList;
using rules::ProxyTableOptions;
using testing::Fd;
using ::testing::HasSubstr;
using testing::Host;
using testing::inNamespaces;
using testing::outputOf;

/// In a user namespace like the tests' every process is user 0.
constexpr std::uint32_t kEverybody = 0;
constexpr std::uint32_t kNobody = 1337;
/// SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST, whose headers do not go with <netinet/in.h>.
constexpr int kOriginalDestination = 80;

ProxyTableOptions takingAll(std::uint32_t user) {
  ProxyTableOptions options;
  options.outbound = PortList::all();
  options.user = user;
  return options;
}

void apply(const ProxyTableOptions& options) {
  auto plane = NftDataplane::open(std::string(rules::names::kProxyTable));
  ASSERT_OK(plane);
  const auto present = plane->read();
  ASSERT_OK(present);
  ASSERT_OK(nft::applyInTwo(*plane, nft::diff(*present, rules::proxyTable(options))));
  const auto read = plane->read();
  ASSERT_OK(read);
  EXPECT_TRUE(*read == rules::proxyTable(options)) << nft::render(*read);
}

/// The port that an accepted connection was made to.
std::uint16_t originalPort(int fd, IpFamily family) {
  testing::SocketAddress address;
  EXPECT_EQ(::getsockopt(fd, family == IpFamily::kV4 ? SOL_IP : SOL_IPV6, kOriginalDestination,
                         address.get(), &address.size),
            0)
      << std::strerror(errno);
  return testing::portOf(address);
}

Fd listenAt(const testing::ServiceNetwork& network, Host host, std::uint16_t port) {
  return network.at(host, [&] { return testing::serverSocket(SOCK_STREAM, port); });
}

/// Whether a connection that `connecting` is has come to the listener, and with which original
/// port.
std::optional<std::uint16_t> accepted(const Fd& listener, IpFamily family) {
  if (!testing::readable(listener.get())) {
    return std::nullopt;
  }
  const Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return originalPort(connection.get(), family);
}

bool comesTo(const Fd& listener) {
  if (!testing::readable(listener.get())) {
    return false;
  }
  const Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return connection.get() >= 0;
}

class ProxyTable : public ::testing::TestWithParam<IpFamily> {};
INSTANTIATE_TEST_SUITE_P(Families, ProxyTable, ::testing::Values(IpFamily::kV4, IpFamily::kV6),
                         [](const auto& family) {
                           return family.param == IpFamily::kV4 ? "v4" : "v6";
                         });

TEST_P(ProxyTable, LeadsWhatComesToTheProxyWhichLearnsThePort) {
  inNamespaces([] {
    const testing::ServiceNetwork network;
    const IpAddress pod = testing::kPodA.in(GetParam());
    const Fd proxy = listenAt(network, Host::kA, proxy::sidecar::kInboundPort);
    const Fd application = listenAt(network, Host::kA, 80);
    const Fd status = listenAt(network, Host::kA, proxy::sidecar::kStatusPort);
    network.at(Host::kA, [] {
      apply({});
      apply({});
      EXPECT_THAT(outputOf("nft list ruleset"), HasSubstr("redirect to :15006"));
      return 0;
    });
    network.at(Host::kNode, [&] {
      const Fd client = testing::startConnecting(SOCK_STREAM, pod, 80);
      EXPECT_EQ(accepted(proxy, GetParam()), 80);
      const Fd kubelet = testing::startConnecting(SOCK_STREAM, pod, proxy::sidecar::kStatusPort);
      EXPECT_TRUE(comesTo(status));
      return 0;
    });
    network.at(Host::kA, [&] {
      const Fd proxysOwn = testing::startConnecting(SOCK_STREAM, pod, 80);
      EXPECT_TRUE(comesTo(application)) << "what the proxy passes on stays in the pod";
      return 0;
    });
  });
}

TEST_P(ProxyTable, WithoutTheTableConnectionsReachTheApplication) {
  inNamespaces([] {
    const testing::ServiceNetwork network;
    const Fd application = listenAt(network, Host::kA, 80);
    network.at(Host::kA, [] {
      apply({});
      auto plane = NftDataplane::open(std::string(rules::names::kProxyTable));
      const auto present = plane->read();
      EXPECT_TRUE(plane->apply(nft::diff(*present, {})));
      EXPECT_EQ(outputOf("nft list ruleset"), "");
      return 0;
    });
    network.at(Host::kNode, [&] {
      const Fd client = testing::startConnecting(SOCK_STREAM, testing::kPodA.in(GetParam()), 80);
      EXPECT_TRUE(comesTo(application));
      return 0;
    });
  });
}

TEST_P(ProxyTable, LeadsWhatThePodSendsToTheProxyButForItsUser) {
  inNamespaces([] {
    const testing::ServiceNetwork network;
    const IpAddress elsewhere = testing::kPodB.in(GetParam());
    const Fd proxy = listenAt(network, Host::kA, proxy::sidecar::kOutboundPort);
    const Fd server = listenAt(network, Host::kB, 80);
    network.at(Host::kA, [&] {
      apply(takingAll(kNobody));
      const Fd client = testing::startConnecting(SOCK_STREAM, elsewhere, 80);
      EXPECT_EQ(accepted(proxy, GetParam()), 80);
      apply(takingAll(kEverybody));
      const Fd own = testing::startConnecting(SOCK_STREAM, elsewhere, 80);
      EXPECT_TRUE(comesTo(server));
      return 0;
    });
  });
}

/// A connection that its socket's priority shows to be the proxy's.
Fd connectAsProxy(const IpAddress& to, std::uint16_t port) {
  Fd fd(::socket(to.isV4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const std::uint32_t priority = proxy::sidecar::kPriority;
  EXPECT_EQ(::setsockopt(fd.get(), SOL_SOCKET, SO_PRIORITY, &priority, sizeof priority), 0)
      << std::strerror(errno);
  const testing::SocketAddress address(to, port);
  EXPECT_TRUE(::connect(fd.get(), address.get(), address.size) == 0 || errno == EINPROGRESS);
  return fd;
}

TEST_P(ProxyTable, KnowsTheProxyByItsPriorityWhereAllAreOneUser) {
  inNamespaces([] {
    const testing::ServiceNetwork network;
    const Fd server = listenAt(network, Host::kB, 80);
    network.at(Host::kA, [&] {
      apply(takingAll(kNobody));
      const Fd own = connectAsProxy(testing::kPodB.in(GetParam()), 80);
      EXPECT_TRUE(comesTo(server));
      return 0;
    });
  });
}

}  // namespace
}  // namespace hitless::sys
