#include "sys/load/socket.h"

#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hitless::sys {
namespace {

socklen_t toSockaddr(const load::Endpoint& endpoint, sockaddr_storage& out) {
  out = {};
  const auto bytes = endpoint.ip.bytes();
  if (endpoint.ip.isV4()) {
    auto& four = reinterpret_cast<sockaddr_in&>(out);
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::uint8_t*>(&four.sin_addr));
    return sizeof four;
  }
  auto& six = reinterpret_cast<sockaddr_in6&>(out);
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(endpoint.port);
  std::copy(bytes.begin(), bytes.end(), six.sin6_addr.s6_addr);
  return sizeof six;
}

load::Endpoint fromSockaddr(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(from);
    return {IpAddress::v4(ntohl(four.sin_addr.s_addr)), ntohs(four.sin_port)};
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
  std::array<std::uint8_t, 16> bytes{};
  std::copy(std::begin(six.sin6_addr.s6_addr), std::end(six.sin6_addr.s6_addr), bytes.begin());
  return {IpAddress::v6(bytes), ntohs(six.sin6_port)};
}

/// The first ICMP error queued on the socket, as errno; 0 if there is none.
int takeIcmp(int fd) {
  char control[256];
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
    return 0;
  }
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    const bool isError = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                         (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    const auto* error = reinterpret_cast<const sock_extended_err*>(CMSG_DATA(part));
    if (isError &&
        (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6)) {
      return static_cast<int>(error->ee_errno);
    }
  }
  return 0;
}

}  // namespace

ConnectAttempt startConnect(const load::Endpoint& destination) {
  sockaddr_storage address;
  const socklen_t size = toSockaddr(destination, address);
  ConnectAttempt attempt;
  attempt.fd = Fd(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = attempt.fd.get();
  if (fd < 0) {
    attempt.error = errno;
    return attempt;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    attempt.error = errno;
    return attempt;
  }
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    attempt.source = fromSockaddr(address);
  }
  return attempt;
}

Fd openDatagram(const load::Endpoint& destination) {
  sockaddr_storage address;
  const socklen_t size = toSockaddr(destination, address);
  Fd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() >= 0 && connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    fd.reset();
  }
  return fd;
}

SocketError takeError(int fd) {
  SocketError out;
  out.error = takeIcmp(fd);
  out.icmp = out.error != 0;
  int pending = 0;
  socklen_t size = sizeof pending;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) == 0 && out.error == 0) {
    out.error = pending;
  }
  return out;
}

std::optional<std::size_t> unacknowledged(int fd) {
  int bytes = 0;
  if (ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes < 0) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(bytes);
}

}  // namespace hitless::sys
