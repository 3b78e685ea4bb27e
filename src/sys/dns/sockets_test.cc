#include "sys/dns/sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/netns.h"
#include "testing/result.h"
#include "testing/sockets.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::localAddress;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

TEST(DnsSockets, TakeAddressesThatNoInterfaceHas) {
  inNamespaces([] {
    for (const char* address : {"10.96.0.10", "169.254.20.10", "fd00:96::10"}) {
      for (const auto bind : {bindUdp, bindTcp}) {
        const auto first = bind(ip(address), 53);
        ASSERT_OK(first);
        EXPECT_EQ(testing::ipOf(localAddress(first->get())), ip(address));
        EXPECT_EQ(::fcntl(first->get(), F_GETFD), FD_CLOEXEC);
        EXPECT_NE(::fcntl(first->get(), F_GETFL) & O_NONBLOCK, 0);
        // The same address twice, and next to it all addresses of the other family.
        EXPECT_TRUE(bind(ip(address), 53));
      }
    }
  });
}

TEST(DnsSockets, ATakenPortIsAConflictThatSaysWhere) {
  inNamespaces([] {
    ASSERT_EQ(testing::outputOf("ip link set lo up"), "");
    const Fd taken = testing::serverSocket(SOCK_DGRAM, 53);
    const auto refused = bindUdp(ip("127.0.0.1"), 53);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(refused.error().text(), HasSubstr("listen on 127.0.0.1 port 53/udp"));
  });
}

}  // namespace
}  // namespace hitless::sys
