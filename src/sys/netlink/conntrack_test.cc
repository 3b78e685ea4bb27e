#include "sys/netlink/conntrack.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "sys/container/fd.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"
#include "testing/sockets.h"

namespace hitless::sys {
namespace {

using testing::inNamespaces;
using testing::outputOf;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

int socketTo(int type, std::uint16_t port, std::uint16_t& local, const char* host = "127.0.0.1") {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = inet_addr(host);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  local = ntohs(address.sin_port);
  return fd;
}

TEST(Conntrack, FindsDumpsAndRemovesAFlow) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    // Connection tracking starts when a rule asks for it.
    ASSERT_EQ(outputOf("nft 'add table t; add chain t c { type filter hook output priority 0; }; "
                       "add rule t c ct state new accept'"),
              "");
    auto table = Conntrack::open();
    ASSERT_OK(table);
    std::uint16_t port = 0;
    const int fd = socketTo(SOCK_DGRAM, 9999, port);
    ASSERT_EQ(::send(fd, "x", 1, 0), 1);

    const auto found = table->find({conntrack::kUdp, kLoopback, port, kLoopback, 9999});
    ASSERT_OK(found);
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->original.sourcePort, port);
    EXPECT_EQ((*found)->reply.sourcePort, 9999);
    EXPECT_FALSE((*found)->seenReply());
    EXPECT_NE((*found)->id, 0U);
    const auto all = table->dump();
    ASSERT_OK(all);
    ASSERT_EQ(all->size(), 1U);
    EXPECT_EQ(all->front(), **found);

    ASSERT_OK(table->remove(**found));
    ASSERT_OK(table->remove(**found));
    const auto again = table->find({conntrack::kUdp, kLoopback, port, kLoopback, 9999});
    ASSERT_OK(again);
    EXPECT_FALSE(*again);
    ::close(fd);
  });
}

class ConntrackLabels : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ConntrackLabels, ::testing::Values("127.0.0.1", "::1"));

TEST_P(ConntrackLabels, AreTakenFromAFlowOneByOne) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(outputOf("nft 'add table inet t; add chain inet t c { type filter hook output "
                       "priority 0; }; add rule inet t c meta mark 1 ct label set 124; "
                       "add rule inet t c meta mark 1 ct label set 9'"),
              "");
    auto table = Conntrack::open();
    ASSERT_OK(table);
    const IpAddress host = *IpAddress::parse(GetParam());
    const Fd fd = testing::startConnecting(SOCK_DGRAM, host, 9999);
    const std::uint32_t mark = 1;
    ASSERT_EQ(::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
    ASSERT_EQ(::send(fd.get(), "x", 1, 0), 1);
    const auto flows = table->dump();
    ASSERT_OK(flows);
    ASSERT_EQ(flows->size(), 1U);
    const Flow flow = flows->front();
    ASSERT_TRUE(flow.labelled(9) && flow.labelled(124)) << flow.text();

    ASSERT_OK(table->clearLabel(flow, 124));
    Flow expected = flow;
    expected.setLabel(124, false);
    const auto after = table->find(flow.original);
    ASSERT_OK(after);
    EXPECT_EQ(*after, expected);
    ASSERT_OK(table->remove(flow));
    ASSERT_OK(table->clearLabel(flow, 124));  // It is gone.
    const auto gone = table->find(flow.original);
    ASSERT_OK(gone);
    EXPECT_FALSE(*gone) << "and must not come back";
  });
}

TEST(Conntrack, ClearsLabelsOfFlowsThatHaveRoomForNone) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(outputOf("nft 'add table t; add chain t c { type filter hook output priority 0; }; "
                       "add rule t c ct state new accept'"),
              "");
    auto table = Conntrack::open();
    ASSERT_OK(table);
    const Fd fd = testing::startConnecting(SOCK_DGRAM, kLoopback, 9999);
    ASSERT_EQ(::send(fd.get(), "x", 1, 0), 1);
    const auto flows = table->dump();
    ASSERT_OK(flows);
    ASSERT_EQ(flows->size(), 1U);
    ASSERT_OK(table->clearLabel(flows->front(), 124));
  });
}

TEST(Conntrack, DumpsWhatOneAddressAnswers) {
  inNamespaces([] {
    ASSERT_OK(Links::open()->setUp("lo"));
    ASSERT_EQ(
        outputOf(
            "nft 'add table inet t; add chain inet t c { type filter hook output priority 0; }; "
            "add rule inet t c ct state new accept'"),
        "");
    auto table = Conntrack::open();
    ASSERT_OK(table);
    std::uint16_t port = 0;
    for (const char* host : {"127.0.0.2", "127.0.0.3"}) {
      const int fd = socketTo(SOCK_DGRAM, 9999, port, host);
      ASSERT_EQ(::send(fd, "x", 1, 0), 1);
      ::close(fd);
    }
    const Fd asked(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in6 itself{AF_INET6, htons(9999), 0, IN6ADDR_LOOPBACK_INIT, 0};
    ASSERT_EQ(
        ::sendto(asked.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&itself), sizeof itself),
        1);
    const auto two = table->dumpAnsweredBy(*IpAddress::parse("127.0.0.2"));
    ASSERT_OK(two);
    ASSERT_EQ(two->size(), 1U);
    EXPECT_EQ(two->front().reply.source.text(), "127.0.0.2");
    const auto none = table->dumpAnsweredBy(kLoopback);
    ASSERT_OK(none);
    EXPECT_TRUE(none->empty()) << "it asked, and answered nothing";
    const auto six = table->dumpAnsweredBy(*IpAddress::parse("::1"));
    ASSERT_OK(six);
    ASSERT_EQ(six->size(), 1U);
    EXPECT_EQ(six->front().reply.source.text(), "::1");
  });
}

}  // namespace
}  // namespace hitless::sys
