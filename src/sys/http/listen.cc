#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/ip.h"
#include "sys/http/server.h"

namespace hitless::sys {
namespace {

socklen_t fill(sockaddr_storage& storage, const IpAddress& ip, std::uint16_t port) {
  if (ip.isV4()) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, ip.bytes().data(), 4);
    return sizeof(in);
  }
  auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  std::memcpy(&in6.sin6_addr, ip.bytes().data(), 16);
  return sizeof(in6);
}

}  // namespace

Result<int> listenTcp(const std::string& address, std::uint16_t port) {
  const auto ip = IpAddress::parse(address == "localhost" ? "127.0.0.1" : address);
  if (!ip) {
    return invalid("\"" + address + "\" is not an IP address to listen on", "use 127.0.0.1 or ::1");
  }
  sockaddr_storage storage{};
  const socklen_t length = fill(storage, *ip, port);
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return osFail("socket");
  }
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0 &&
                  ::listen(fd, SOMAXCONN) == 0;
  if (!ok) {
    Error error = osError("listen on " + address + " port " + std::to_string(port));
    ::close(fd);
    return tl::unexpected(std::move(error));
  }
  return fd;
}

Result<std::uint16_t> boundPort(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return osFail("getsockname");
  }
  if (storage.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<sockaddr_in&>(storage).sin_port);
  }
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6&>(storage).sin6_port);
  }
  return invalid("the socket is not an internet socket");
}

}  // namespace hitless::sys
