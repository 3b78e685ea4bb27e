#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "core/netlink/message.h"

struct mnl_socket;

namespace hitless::sys {

/// A netlink socket with blocking requests. It belongs to the network namespace that its thread was
/// in when it was opened. Not for use by two threads at once.
class NetlinkSocket {
 public:
  using OnMessage = std::function<Status(const netlink::Message&)>;

  /// `bus` is NETLINK_ROUTE or NETLINK_NETFILTER.
  static Result<NetlinkSocket> open(int bus);

  /// Unique within the socket, never 0.
  std::uint32_t nextSequence();
  /// Continues behind a sequence number that the caller used by itself.
  void setSequence(std::uint32_t used) { sequence_ = used; }

  /// Sends one request that asks for an acknowledgement and waits for it. Answers before it go to
  /// `onMessage`. `what` names the request in the error: "add bridge br0".
  Status request(netlink::ByteView message, std::string_view what,
                 const OnMessage& onMessage = nullptr);
  /// Sends a dump request and hands every answer over. kUnavailable with EINTR as osError when the
  /// kernel says that the dump is inconsistent, because things changed meanwhile: dump again.
  Status dump(netlink::ByteView message, std::string_view what, const OnMessage& onMessage);

  /// Transport for callers with a protocol of their own (batches).
  Status send(netlink::ByteView bytes, std::string_view what);
  /// One datagram, valid until the next receive. Waits at most the socket's receive time-out (10
  /// s).
  Result<netlink::ByteView> receive(std::string_view what);
  /// One datagram if there is one, else empty; does not wait.
  Result<netlink::ByteView> receiveNow(std::string_view what);
  /// Grows the send buffer as far as privilege allows; gives its size, which bounds one message.
  std::size_t reserveSend(std::size_t bytes);
  void reserveReceive(std::size_t bytes);
  /// Receives what the kernel multicasts to a group (RTNLGRP_*, NFNLGRP_*) from now on.
  Status join(unsigned group);
  /// Lets the kernel drop notifications caused by the port `port` instead of queueing them.
  Status ignoreChangesOf(std::uint32_t port);
  /// The socket's own port: what notifications of its changes carry.
  std::uint32_t port() const;
  int fd() const;

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  explicit NetlinkSocket(mnl_socket* socket);

  std::unique_ptr<mnl_socket, Close> socket_;
  netlink::Bytes buffer_;
  std::uint32_t sequence_ = 0;
};

/// The error of a refused request, with the kernel's own words where it gave some.
Error netlinkError(std::string_view what, const netlink::Ack& ack);

}  // namespace hitless::sys
