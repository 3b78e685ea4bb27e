#include "sys/netlink/raw_packets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace hitless::sys {
namespace {

std::size_t indexOf(IpFamily family) {
  return family == IpFamily::kV4 ? 0 : 1;
}

/// IPPROTO_RAW: the packet brings its own network header. A kernel without the family gives none.
Result<Fd> rawSocket(IpFamily family, std::uint32_t mark) {
  Fd fd(::socket(family == IpFamily::kV4 ? AF_INET : AF_INET6,
                 SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (!fd.valid()) {
    if (errno == EAFNOSUPPORT) {
      return Fd();
    }
    Error error = osError("cannot make a raw socket");
    error.hint = "CAP_NET_RAW is needed";
    return tl::unexpected(std::move(error));
  }
  if (mark != 0 && ::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
    return osFail("cannot mark packets");
  }
  return fd;
}

}  // namespace

Result<RawPackets> RawPackets::open(std::uint32_t untrackedMark) {
  RawPackets packets;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    packets.plain_[indexOf(family)] = TRY(rawSocket(family, 0));
    packets.marked_[indexOf(family)] = TRY(rawSocket(family, untrackedMark));
  }
  return packets;
}

Status RawPackets::send(std::span<const std::uint8_t> packet, const IpAddress& route) {
  return sendBy(plain_, packet, route);
}

Status RawPackets::sendUntracked(std::span<const std::uint8_t> packet, const IpAddress& route) {
  return sendBy(marked_, packet, route);
}

Status RawPackets::sendBy(const PerFamily& sockets, std::span<const std::uint8_t> packet,
                          const IpAddress& route) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (route.isV4()) {
    sockaddr_in to{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
    std::memcpy(&to.sin_addr, route.bytes().data(), 4);
    std::memcpy(&storage, &to, sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, route.bytes().data(), 16);
    std::memcpy(&storage, &to, size = sizeof to);
  }
  const Fd& socket = sockets[indexOf(route.family())];
  const ssize_t sent = ::sendto(socket.get(), packet.data(), packet.size(), 0,
                                reinterpret_cast<const sockaddr*>(&storage), size);
  return sent == static_cast<ssize_t>(packet.size())
             ? Status{}
             : osFail("cannot send a packet by way of " + route.text());
}

}  // namespace hitless::sys
