#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"

/// A node with pods inside one test process: a bridge in the current network namespace and one
/// namespace per pod. Sockets live in the namespace that the thread is in when it makes them.
namespace hitless::testing {

/// Runs `body` with the thread inside another network namespace.
template <class Body>
auto within(int netns, Body body) {
  const int home = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(::setns(netns, CLONE_NEWNET), 0);
  auto result = body();
  EXPECT_EQ(::setns(home, CLONE_NEWNET), 0);
  ::close(home);
  return result;
}

inline sockaddr_in socketAddress(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  return address;
}

inline std::string textOf(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return text;
}

inline bool readable(int fd, int milliseconds = 3000) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, milliseconds) == 1;
}

/// A bound (and for TCP listening) socket on all addresses.
inline int serverSocket(int type, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = socketAddress("0.0.0.0", port);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(fd, 512), 0);
  }
  return fd;
}

/// A connected socket; or minus the errno of connect().
inline int connectTo(int type, const std::string& ip, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const timeval limit{3, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sockaddr_in address = socketAddress(ip, port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int err = errno;
    ::close(fd);
    return -err;
  }
  return fd;
}

struct Accepted {
  int fd = -1;
  std::string peer;  ///< The client's address as the server sees it.
};
inline Accepted acceptFrom(int listener) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  if (!readable(listener)) {
    return {};
  }
  const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
  return {fd, textOf(peer)};
}

class PodNetwork {
 public:
  static constexpr const char* kGateway = "10.244.1.1";

  PodNetwork() {
    auto links = sys::Links::open();
    EXPECT_TRUE(links);
    links_ = std::make_unique<sys::Links>(std::move(*links));
    EXPECT_TRUE(links_->setUp("lo"));
    EXPECT_TRUE(links_->addBridge("br0"));
    EXPECT_TRUE(links_->addAddress("br0", *Cidr::parse(std::string(kGateway) + "/24")));
    EXPECT_TRUE(links_->setUp("br0"));
    EXPECT_TRUE(links_->addLinkRoute(*Cidr::parse("10.96.0.0/16"), "br0"));
    EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv4/ip_forward", "1"));
    // A redirect (cluster IPs are routed back to the bridge) uses up the rate limit of ICMP errors.
    EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv4/conf/all/send_redirects", "0"));
    EXPECT_TRUE(writeProcFile("/proc/sys/net/ipv4/conf/br0/send_redirects", "0"));
  }

  /// The namespace of a new pod with this address in 10.244.1.0/24.
  int addPod(const std::string& ip) {
    const std::string port = "pod" + std::to_string(++pods_);
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    const int netns = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::setns(home_, CLONE_NEWNET), 0);
    EXPECT_TRUE(links_->addVeth(port, "eth0", netns));
    EXPECT_TRUE(links_->setMaster(port, "br0", true));
    EXPECT_TRUE(links_->setUp(port));
    within(netns, [&] {
      auto inside = sys::Links::open();
      EXPECT_TRUE(inside->addAddress("eth0", *Cidr::parse(ip + "/24")));
      EXPECT_TRUE(inside->setUp("eth0"));
      EXPECT_TRUE(inside->addDefaultRoute(*IpAddress::parse(kGateway)));
      return 0;
    });
    links_->settle(port);
    links_->settle("br0");
    return netns;
  }

 private:
  int home_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  std::unique_ptr<sys::Links> links_;
  int pods_ = 0;
};

}  // namespace hitless::testing
