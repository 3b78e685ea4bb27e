#include "sys/process/pod_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/netlink/link.h"
#include "sys/process/namespaces.h"

namespace hitless::sys {
namespace {

TEST(PodSockets, SeesWhatThePodHasNotAccepted) {
  const auto child = cloneChild({.user = true, .net = true}, [] {
    auto links = Links::open();
    if (!links || !links->setUp("lo") || !links->addAddress("lo", *Cidr::parse("10.244.9.7/32"))) {
      return 1;
    }
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = inet_addr("10.244.9.7");
    address.sin_port = htons(8080);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, name, sizeof address) != 0 || listen(listener, 8) != 0 ||
        connect(client, name, sizeof address) != 0) {
      return 2;
    }
    const IpAddress pod = *IpAddress::parse("10.244.9.7");
    PodSockets sockets;
    if (sockets.count(pod) != 1U) {
      return 3;
    }
    const int accepted = accept(listener, nullptr, nullptr);
    if (accepted < 0 || sockets.count(pod) != 0U) {
      return 4;
    }
    if (send(client, "GET", 3, 0) != 3 || sockets.count(pod) != 1U) {
      return 5;
    }
    return sockets.count(*IpAddress::parse("10.244.9.8")).has_value() ? 6 : 0;
  });
  if (!child) {
    GTEST_SKIP() << child.error().text();
  }
  int status = 0;
  waitpid(child->pid, &status, 0);
  close(child->pidfd);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hitless::sys
