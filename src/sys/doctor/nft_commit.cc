#include "sys/doctor/nft_commit.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace hitless::sys {
namespace {

constexpr std::size_t kWantedSend = std::size_t{16} << 20;
constexpr std::size_t kWantedReceive = std::size_t{4} << 20;

/// The first refusal among the answers to a batch.
struct Answers {
  bool acknowledged = false;
  std::optional<Error> refusal;

  void take(const nft::ForeignBatch& batch, std::string_view what,
            const netlink::Message& message) {
    const auto ack = netlink::parseAck(message);
    if (!ack || message.sequence < batch.firstSequence() ||
        message.sequence > batch.lastSequence()) {
      return;
    }
    acknowledged = acknowledged || message.sequence == batch.lastSequence();
    if (ack->code == 0 || refusal) {
      return;
    }
    refusal = netlinkError(what, *ack);
    if (ack->code == ERESTART) {
      refusal->kind = ErrorKind::kConflict;
      refusal->hint = "somebody else changed the rules meanwhile";
    } else if (refusal->kind == ErrorKind::kPermission) {
      refusal->hint = "CAP_NET_ADMIN over the network namespace is needed";
    }
  }
};

}  // namespace

Result<NftCommitter> NftCommitter::open() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(kWantedReceive);
  const std::size_t granted = socket.reserveSend(kWantedSend);
  // A message must be a little smaller than the buffer.
  return NftCommitter(std::move(socket), std::min(kWantedSend, granted) * 15 / 16);
}

Status NftCommitter::commit(nft::ForeignBatch& batch, std::string_view what) {
  batch.finish();
  TRY_VOID(socket_.send(batch.bytes(), what));
  socket_.setSequence(batch.lastSequence() + 1);
  Answers answers;
  for (;;) {
    const netlink::ByteView datagram = TRY(socket_.receiveNow(what));
    if (datagram.empty()) {
      break;
    }
    for (const netlink::Message& message : netlink::parseMessages(datagram)) {
      answers.take(batch, what, message);
    }
  }
  if (answers.refusal) {
    return tl::unexpected(std::move(*answers.refusal));
  }
  if (!answers.acknowledged) {
    return fail(ErrorKind::kInternal,
                fmt::format("{}: the kernel did not acknowledge the transaction", what));
  }
  return {};
}

bool overtaken(const Error& error) {
  return error.osError == ERESTART;
}

}  // namespace hitless::sys
