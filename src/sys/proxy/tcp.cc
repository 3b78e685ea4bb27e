#include "sys/proxy/tcp.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sys/dns/socket_address.h"

namespace hitless::sys {
namespace {

/// SO_ORIGINAL_DST of linux/netfilter_ipv4.h and IP6T_SO_ORIGINAL_DST, whose headers do not go with
/// the C library's.
constexpr int kOriginalDestination = 80;

void setOption(int fd, int level, int name, int value) {
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

proxy::Address toAddress(const sockaddr_storage& storage) {
  const auto [ip, port] = addressOf(storage);
  const auto bytes = ip.bytes();
  // ::ffff:a.b.c.d: an IPv4 client of a socket that takes both.
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!ip.isV4() && std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    const std::uint32_t four = std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 |
                               std::uint32_t{bytes[14]} << 8 | bytes[15];
    return {IpAddress::v4(four), port};
  }
  return {ip, port};
}

}  // namespace

Result<Fd> listenOn(const std::optional<IpAddress>& address, std::uint16_t port,
                    const ListenOptions& options) {
  const IpAddress any = IpAddress::v6({});
  sockaddr_storage storage;
  socklen_t size = setAddress(address.value_or(any), port, storage);
  Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 && !address) {  // a kernel without IPv6
    size = setAddress(IpAddress::v4(0), port, storage);
    fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (fd.get() < 0) {
    return osFail("socket");
  }
  setOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reusePort) {
    setOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (storage.ss_family == AF_INET6) {
    setOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address ? 1 : 0);
  }
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0 ||
      listen(fd.get(), options.backlog) != 0) {
    const int error = errno;
    const proxy::Address where{address.value_or(any), port};
    return osFail("listen on " + where.text(), error);
  }
  return fd;
}

Fd acceptFrom(int listening, proxy::Address& peer) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  Fd fd(accept4(listening, reinterpret_cast<sockaddr*>(&storage), &size,
                SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.get() >= 0) {
    peer = toAddress(storage);
    setOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  }
  return fd;
}

Fd connectTo(const proxy::Address& address, std::uint32_t priority) {
  sockaddr_storage storage;
  const socklen_t size = setAddress(address.ip, address.port, storage);
  Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) {
    return fd;
  }
  setOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (priority != 0) {
    setOption(fd.get(), SOL_SOCKET, SO_PRIORITY, static_cast<int>(priority));
  }
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0 &&
      errno != EINPROGRESS) {
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

int pendingError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

proxy::Address localAddress(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return {};
  }
  return toAddress(storage);
}

std::optional<proxy::Address> originalDestination(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockopt(fd, IPPROTO_IP, kOriginalDestination, &storage, &size) != 0) {
    size = sizeof storage;
    if (getsockopt(fd, IPPROTO_IPV6, kOriginalDestination, &storage, &size) != 0) {
      return std::nullopt;
    }
  }
  const proxy::Address wanted = toAddress(storage);
  return wanted == localAddress(fd) ? std::nullopt : std::optional(wanted);
}

/// The C library's tcp_info ends before tcpi_bytes_acked; the kernel's (linux/tcp.h) is an
/// interface that only ever grows at its end. Who connects has its SYN acknowledged, and that
/// counts as one (tcp_snd_una_update() in net/ipv4/tcp_input.c).
std::optional<std::uint64_t> acknowledgedBytes(int fd) {
  constexpr std::size_t kOffset = 120;
  std::array<char, 256> info{};
  socklen_t size = info.size();
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size) != 0 ||
      size < kOffset + sizeof(std::uint64_t)) {
    return std::nullopt;
  }
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, info.data() + kOffset, sizeof bytes);
  return bytes - std::min<std::uint64_t>(bytes, 1);
}

void resetOnClose(int fd) {
  const linger now{1, 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace hitless::sys
