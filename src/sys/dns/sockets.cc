#include "sys/dns/sockets.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace hitless::sys {
namespace {

struct BoundTo {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

BoundTo boundTo(const IpAddress& ip, std::uint16_t port) {
  BoundTo out;
  if (ip.isV4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.bytes().data(), sizeof v4.sin_addr);
    std::memcpy(&out.storage, &v4, out.size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip.bytes().data(), sizeof v6.sin6_addr);
    std::memcpy(&out.storage, &v6, out.size = sizeof v6);
  }
  return out;
}

bool turnOn(const Fd& fd, int level, int option) {
  const int on = 1;
  return ::setsockopt(fd.get(), level, option, &on, sizeof on) == 0;
}

/// IPV6_FREEBIND came with Linux 4.15, so IPv6 gets its IPv4 twin, which the kernel takes for both.
void allowForeignAddress(const Fd& fd, bool v4) {
  (void)turnOn(fd, IPPROTO_IP, IP_FREEBIND);
  (void)(v4 ? turnOn(fd, IPPROTO_IP, IP_TRANSPARENT) : turnOn(fd, IPPROTO_IPV6, IPV6_TRANSPARENT));
}

Result<Fd> bound(const IpAddress& address, std::uint16_t port, int type) {
  const bool v4 = address.isV4();
  const std::string what = fmt::format("listen on {} port {}/{}", address.text(), port,
                                       type == SOCK_DGRAM ? "udp" : "tcp");
  Fd fd(::socket(v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return osFail(what);
  }
  if (!turnOn(fd, SOL_SOCKET, SO_REUSEPORT) ||
      (type == SOCK_STREAM && !turnOn(fd, SOL_SOCKET, SO_REUSEADDR)) ||
      (!v4 && !turnOn(fd, IPPROTO_IPV6, IPV6_V6ONLY))) {
    return osFail(what);
  }
  allowForeignAddress(fd, v4);
  const BoundTo name = boundTo(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name.storage), name.size) != 0) {
    Error error = osError(what);
    error.kind = errno == EADDRINUSE ? ErrorKind::kConflict : error.kind;
    return tl::unexpected(std::move(error));
  }
  return fd;
}

}  // namespace

Result<Fd> bindUdp(const IpAddress& address, std::uint16_t port) {
  return bound(address, port, SOCK_DGRAM);
}

Result<Fd> bindTcp(const IpAddress& address, std::uint16_t port) {
  Fd fd = TRY(bound(address, port, SOCK_STREAM));
  if (::listen(fd.get(), SOMAXCONN) != 0) {
    Error error = osError(fmt::format("listen on {} port {}/tcp", address.text(), port));
    error.kind = errno == EADDRINUSE ? ErrorKind::kConflict : error.kind;
    return tl::unexpected(std::move(error));
  }
  return fd;
}

}  // namespace hitless::sys
