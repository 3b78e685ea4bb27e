#include "sys/netlink/socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace hitless::sys {
namespace {

/// Dumps fill the buffer they are offered, up to 32 KiB; acks echo batches of any size unless
/// capped.
constexpr std::size_t kReceiveBuffer = 256 * 1024;
constexpr timeval kReceiveTimeout{10, 0};

void setOption(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);
}

void growBuffer(int fd, int forced, int plain, std::size_t bytes) {
  const int value = static_cast<int>(std::min<std::size_t>(bytes, 1U << 30));
  if (setsockopt(fd, SOL_SOCKET, forced, &value, sizeof value) != 0) {
    setOption(fd, SOL_SOCKET, plain, value);
  }
}

}  // namespace

Error netlinkError(std::string_view what, const netlink::Ack& ack) {
  Error error = osError(what, ack.code);
  if (!ack.text.empty()) {
    error.message += fmt::format(": {}", ack.text);
  }
  return error;
}

void NetlinkSocket::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

NetlinkSocket::NetlinkSocket(mnl_socket* socket) : socket_(socket), buffer_(kReceiveBuffer) {}

Result<NetlinkSocket> NetlinkSocket::open(int bus) {
  mnl_socket* raw = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (raw == nullptr) {
    return osFail("open netlink socket");
  }
  NetlinkSocket socket(raw);
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) != 0) {
    return osFail("bind netlink socket");
  }
  // Both are conveniences of newer kernels: without them errors are only less telling.
  setOption(socket.fd(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
  setOption(socket.fd(), SOL_NETLINK, NETLINK_CAP_ACK, 1);
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof kReceiveTimeout);
  return socket;
}

int NetlinkSocket::fd() const {
  return mnl_socket_get_fd(socket_.get());
}

std::uint32_t NetlinkSocket::nextSequence() {
  sequence_ = sequence_ == UINT32_MAX ? 1 : sequence_ + 1;
  return sequence_;
}

std::size_t NetlinkSocket::reserveSend(std::size_t bytes) {
  growBuffer(fd(), SO_SNDBUFFORCE, SO_SNDBUF, bytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(fd(), SOL_SOCKET, SO_SNDBUF, &granted, &size);
  return static_cast<std::size_t>(std::max(granted, 0));
}

Result<netlink::ByteView> NetlinkSocket::receiveNow(std::string_view what) {
  for (;;) {
    const ssize_t size = recv(fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size >= 0) {
      return netlink::ByteView(buffer_.data(), static_cast<std::size_t>(size));
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return netlink::ByteView{};
    }
    if (errno != EINTR) {
      return osFail(what);
    }
  }
}

void NetlinkSocket::reserveReceive(std::size_t bytes) {
  growBuffer(fd(), SO_RCVBUFFORCE, SO_RCVBUF, bytes);
}

Status NetlinkSocket::join(unsigned group) {
  const int value = static_cast<int>(group);
  if (setsockopt(fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &value, sizeof value) != 0) {
    return osFail("join a netlink group");
  }
  return {};
}

Status NetlinkSocket::ignoreChangesOf(std::uint32_t port) {
  // A filter reads words in network byte order, the header is in the host's. The messages of one
  // datagram come from one transaction, so the first one's port stands for all.
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  const sock_fprog program{std::size(code), code};
  if (setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return osFail("filter netlink notifications");
  }
  return {};
}

std::uint32_t NetlinkSocket::port() const {
  return mnl_socket_get_portid(socket_.get());
}

Status NetlinkSocket::send(netlink::ByteView bytes, std::string_view what) {
  while (mnl_socket_sendto(socket_.get(), bytes.data(), bytes.size()) < 0) {
    if (errno != EINTR) {
      return osFail(what);
    }
  }
  return {};
}

Result<netlink::ByteView> NetlinkSocket::receive(std::string_view what) {
  for (;;) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size >= 0) {
      return netlink::ByteView(buffer_.data(), static_cast<std::size_t>(size));
    }
    if (errno != EINTR) {
      return osFail(what);
    }
  }
}

Status NetlinkSocket::request(netlink::ByteView message, std::string_view what,
                              const OnMessage& onMessage) {
  const auto sent = netlink::parseMessages(message);
  if (sent.size() != 1) {
    return fail(ErrorKind::kInternal, fmt::format("{}: not exactly one netlink message", what));
  }
  TRY_VOID(send(message, what));
  for (;;) {
    for (const netlink::Message& answer : netlink::parseMessages(TRY(receive(what)))) {
      if (answer.sequence != sent[0].sequence) {
        continue;  // A late answer to a request that timed out.
      }
      if (const auto ack = netlink::parseAck(answer)) {
        return ack->code == 0 ? Status{} : tl::unexpected(netlinkError(what, *ack));
      }
      if (onMessage) {
        TRY_VOID(onMessage(answer));
      }
    }
  }
}

Status NetlinkSocket::dump(netlink::ByteView message, std::string_view what,
                           const OnMessage& onMessage) {
  const auto sent = netlink::parseMessages(message);
  if (sent.size() != 1) {
    return fail(ErrorKind::kInternal, fmt::format("{}: not exactly one netlink message", what));
  }
  TRY_VOID(send(message, what));
  Status outcome;
  bool interrupted = false;
  for (;;) {
    for (const netlink::Message& answer : netlink::parseMessages(TRY(receive(what)))) {
      if (answer.sequence != sent[0].sequence) {
        continue;
      }
      interrupted = interrupted || (answer.flags & NLM_F_DUMP_INTR) != 0;
      if (answer.type == NLMSG_DONE) {
        return outcome && interrupted ? Status(osFail(what, EINTR)) : outcome;
      }
      if (const auto ack = netlink::parseAck(answer)) {
        return tl::unexpected(netlinkError(what, *ack));
      }
      if (outcome) {
        outcome =
            onMessage(answer);  // On an error the rest is still read, to leave the socket clean.
      }
    }
  }
}

}  // namespace hitless::sys
