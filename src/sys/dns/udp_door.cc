#include "sys/dns/udp_door.h"

#include <array>
#include <vector>

#include "sys/dns/socket_address.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kBatch = 64;
/// No query is longer, unless its sender tries something.
constexpr std::size_t kMaxQuery = 4096;
/// Not a multiple of the page size: else the beginnings of all queries of a batch, which is all
/// that most queries are, share a few lines of the processor's cache.
constexpr std::size_t kStride = kMaxQuery + 64;
/// So many batches in a row at most: others on this thread want their turn.
constexpr int kMaxBatches = 8;

}  // namespace

/// The buffers of one batch.
struct UdpDoor::Batch {
  Batch() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in[i] = {&queries[i * kStride], kMaxQuery};
      received[i].msg_hdr = {};
      received[i].msg_hdr.msg_iov = &in[i];
      received[i].msg_hdr.msg_iovlen = 1;
      received[i].msg_hdr.msg_name = &peers[i];
    }
  }

  std::vector<std::uint8_t> queries = std::vector<std::uint8_t>(kBatch * kStride);
  std::vector<std::uint8_t> answers = std::vector<std::uint8_t>(kBatch * dns::kMaxUdpSize);
  std::array<iovec, kBatch> in{};
  std::array<iovec, kBatch> out{};
  std::array<sockaddr_storage, kBatch> peers{};
  std::array<mmsghdr, kBatch> received{};
  std::array<mmsghdr, kBatch> sent{};
};

UdpDoor::UdpDoor(DoorParts parts, Fd socket)
    : parts_(std::move(parts)),
      descriptor_(parts_.io, socket.release()),
      batch_(std::make_unique<Batch>()) {}

UdpDoor::~UdpDoor() = default;

std::shared_ptr<UdpDoor> UdpDoor::open(DoorParts parts, Fd socket) {
  std::shared_ptr<UdpDoor> door(new UdpDoor(std::move(parts), std::move(socket)));
  door->wait();
  return door;
}

void UdpDoor::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void UdpDoor::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error) {
                             self->drain();
                           }
                         });
}

void UdpDoor::drain() {
  for (int i = 0; i < kMaxBatches && serve() == static_cast<int>(kBatch); ++i) {
  }
  wait();
}

int UdpDoor::serve() {
  Batch& batch = *batch_;
  for (mmsghdr& message : batch.received) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  const int count =
      ::recvmmsg(descriptor_.native_handle(), batch.received.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) {
    return 0;
  }
  const MonoTime begin = parts_.clock.mono();
  const Published::Reading reading = parts_.published.read();
  int answers = 0;
  std::size_t current = 0;
  const std::function<dns::Reply()> later = [this, &current] { return replyLater(current); };
  for (current = 0; current < static_cast<std::size_t>(count); ++current) {
    const mmsghdr& message = batch.received[current];
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      continue;
    }
    const auto [client, port] = addressOf(batch.peers[current]);
    const std::span<std::uint8_t> out(&batch.answers[current * dns::kMaxUdpSize], dns::kMaxUdpSize);
    const std::size_t size = parts_.responder.receive(
        reading.view(),
        {{&batch.queries[current * kStride], message.msg_len}, dns::Transport::kUdp, client, port},
        begin, out, later);
    if (size > 0) {
      batch.out[static_cast<std::size_t>(answers)] = {out.data(), size};
      mmsghdr& answer = batch.sent[static_cast<std::size_t>(answers++)];
      answer = {};
      answer.msg_hdr.msg_iov = &batch.out[static_cast<std::size_t>(answers - 1)];
      answer.msg_hdr.msg_iovlen = 1;
      answer.msg_hdr.msg_name = &batch.peers[current];
      answer.msg_hdr.msg_namelen = message.msg_hdr.msg_namelen;
    }
  }
  send(answers);
  parts_.served();
  parts_.responder.batchTook(parts_.clock.mono() - begin);
  return count;
}

void UdpDoor::send(int count) {
  for (int done = 0; done < count;) {
    const int sent =
        ::sendmmsg(descriptor_.native_handle(), &batch_->sent[static_cast<std::size_t>(done)],
                   static_cast<unsigned>(count - done), MSG_DONTWAIT);
    // One that cannot be sent (its asker is unreachable, or buffers are full) is lost like any
    // datagram; the others are not.
    done += sent > 0 ? sent : 1;
  }
}

dns::Reply UdpDoor::replyLater(std::size_t index) {
  const sockaddr_storage peer = batch_->peers[index];
  const socklen_t length = batch_->received[index].msg_hdr.msg_namelen;
  return [weak = weak_from_this(), peer, length](dns::ByteView message) {
    const auto self = weak.lock();
    if (self && self->descriptor_.is_open()) {
      [[maybe_unused]] const auto sent =
          ::sendto(self->descriptor_.native_handle(), message.data(), message.size(), MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&peer), length);
    }
  };
}

}  // namespace hitless::sys
