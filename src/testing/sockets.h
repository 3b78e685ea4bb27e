#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <string>

#include "base/ip.h"
#include "sys/container/fd.h"

/// Sockets of both address families. A socket lives in the network namespace that the thread was in
/// when it was made.
namespace hitless::testing {

using sys::Fd;

/// Runs `body` with the thread inside another network namespace.
template <class Body>
auto within(int netns, Body body) {
  const Fd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::setns(netns, CLONE_NEWNET), 0);
  auto result = body();
  EXPECT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
  return result;
}

/// An address and port as the system calls want them.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  SocketAddress() = default;
  SocketAddress(const IpAddress& ip, std::uint16_t port) {
    if (ip.isV4()) {
      sockaddr_in v4{
          .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
      std::memcpy(&v4.sin_addr, ip.bytes().data(), 4);
      std::memcpy(&storage, &v4, size = sizeof v4);
    } else {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::memcpy(&v6.sin6_addr, ip.bytes().data(), 16);
      std::memcpy(&storage, &v6, size = sizeof v6);
    }
  }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Also of an IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d.
inline IpAddress ipOf(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  if (!IN6_IS_ADDR_V4MAPPED(&address)) {
    return IpAddress::v6(bytes);
  }
  return IpAddress::v4(static_cast<std::uint32_t>(bytes[12]) << 24 | bytes[13] << 16 |
                       bytes[14] << 8 | bytes[15]);
}

inline IpAddress ipOf(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    return ipOf(v6.sin6_addr);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &address.storage, sizeof v4);
  return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
}

inline std::uint16_t portOf(const SocketAddress& address) {
  sockaddr_in common{};  // The port is at the same place in both.
  std::memcpy(&common, &address.storage, sizeof common);
  return ntohs(common.sin_port);
}

inline SocketAddress localAddress(int fd) {
  SocketAddress address;
  EXPECT_EQ(::getsockname(fd, address.get(), &address.size), 0);
  return address;
}

inline bool readable(int fd, int milliseconds = 3000, short events = POLLIN) {
  pollfd wait{fd, events, 0};
  return ::poll(&wait, 1, milliseconds) == 1;
}

/// Bound to a port on all addresses of both families, and listening if connections are made to it.
inline Fd serverSocket(int type, std::uint16_t port, int protocol = 0) {
  Fd fd(::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  const SocketAddress any(IpAddress::v6({}), port);
  EXPECT_EQ(::bind(fd.get(), any.get(), any.size), 0) << std::strerror(errno);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(fd.get(), 512), 0);
  }
  return fd;
}

/// A non-blocking socket that is on its way to `to`; `source` is the address that it uses, if not
/// the one that routing suggests. What became of it is in finished().
inline Fd startConnecting(int type, const IpAddress& to, std::uint16_t port,
                          const std::optional<IpAddress>& source = {}, int protocol = 0) {
  Fd fd(::socket(to.isV4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (source) {
    const SocketAddress from(*source, 0);
    EXPECT_EQ(::bind(fd.get(), from.get(), from.size), 0) << source->text();
  }
  const SocketAddress address(to, port);
  const int done = ::connect(fd.get(), address.get(), address.size);
  EXPECT_TRUE(done == 0 || errno == EINPROGRESS || errno == ECONNREFUSED) << std::strerror(errno);
  return fd;
}

}  // namespace hitless::testing
