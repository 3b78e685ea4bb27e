#include "sys/netlink/nft_dataplane.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include <algorithm>
#include <optional>

#include "core/nft/decode.h"
#include "core/nft/encode.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kWantedReceiveBuffer = std::size_t{4} << 20;
constexpr int kReadAttempts = 5;
constexpr std::string_view kWhat = "change the packet rules";

/// What the answers to one batch say: the first refusal, if any.
struct Outcome {
  bool acknowledged = false;
  std::optional<Error> refusal;

  void take(const nft::Transaction& transaction, const nft::Batch& batch,
            const netlink::Message& answer) {
    const auto ack = netlink::parseAck(answer);
    if (!ack || answer.sequence < batch.beginSequence || answer.sequence > batch.lastSequence) {
      return;
    }
    acknowledged = acknowledged || answer.sequence == batch.lastSequence;
    if (ack->code == 0 || refusal) {
      return;
    }
    refusal = netlinkError(kWhat, *ack);
    const std::size_t index = answer.sequence - batch.beginSequence;
    refusal->subject = index == 0
                           ? "the whole transaction"
                           : nft::operationSubject(transaction, batch.operationOf[index - 1]);
    if (refusal->kind == ErrorKind::kPermission) {
      refusal->hint = "the network namespace's owner or CAP_NET_ADMIN is needed";
    }
  }
};

}  // namespace

Result<NftDataplane> NftDataplane::open(std::string table, std::size_t maxBatch) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(kWantedReceiveBuffer);
  const std::size_t granted = socket.reserveSend(maxBatch);
  // A message must be a little smaller than the buffer.
  return NftDataplane(std::move(socket), std::move(table), std::min(maxBatch, granted) * 15 / 16);
}

Result<nft::Receipt> NftDataplane::apply(const nft::Transaction& transaction) {
  nft::Receipt receipt;
  receipt.operations = transaction.operations.size();
  receipt.elements = transaction.elementCount();
  const auto batches = nft::encode(transaction, socket_.nextSequence(), maxBatch_);
  for (const nft::Batch& batch : batches) {
    TRY_VOID(send(transaction, batch));
    receipt.bytes += batch.bytes.size();
    ++receipt.batches;
  }
  if (!batches.empty()) {
    socket_.setSequence(batches.back().lastSequence + 1);
  }
  return receipt;
}

Status NftDataplane::send(const nft::Transaction& transaction, const nft::Batch& batch) {
  TRY_VOID(socket_.send(batch.bytes, kWhat));
  socket_.setSequence(batch.lastSequence + 1);
  // The kernel answers before send() returns, so whatever there is lies in the receive buffer.
  Outcome outcome;
  for (;;) {
    const auto datagram = socket_.receiveNow(kWhat);
    if (!datagram) {
      // ENOBUFS: more answers than fit, which only happens when very much was refused.
      return tl::unexpected(datagram.error());
    }
    if (datagram->empty()) {
      break;
    }
    for (const netlink::Message& answer : netlink::parseMessages(*datagram)) {
      outcome.take(transaction, batch, answer);
    }
  }
  if (outcome.refusal) {
    return tl::unexpected(std::move(*outcome.refusal));
  }
  if (!outcome.acknowledged) {
    return fail(ErrorKind::kInternal,
                fmt::format("{}: the kernel did not acknowledge the transaction", kWhat));
  }
  return {};
}

namespace {

/// EINTR: somebody changed some ruleset during the dump, so it may be a mixture; ENOENT: our table
/// went away between two dumps.
template <class Read>
auto readSettled(Read read) {
  for (int attempt = 1;; ++attempt) {
    auto result = read();
    const bool moved =
        !result && (result.error().osError == EINTR || result.error().osError == ENOENT);
    if (!moved || attempt == kReadAttempts) {
      return result;
    }
  }
}

}  // namespace

Result<nft::Ruleset> NftDataplane::read() {
  return readSettled([this] { return readOnce(); });
}

Result<nft::Elements> NftDataplane::readElements(const std::string& set) {
  Result<nft::Elements> elements = readSettled([&]() -> Result<nft::Elements> {
    nft::Decoder decoder(table_);
    TRY_VOID(dumpElements(set, decoder));
    return std::move(decoder.take().sets[set].elements);
  });
  const bool missing = !elements && elements.error().osError == ENOENT;
  return missing ? nft::Elements{} : elements;
}

Status NftDataplane::dumpElements(const std::string& set, nft::Decoder& decoder) {
  return socket_.dump(nft::encodeElementDump(table_, set, socket_.nextSequence()),
                      fmt::format("read nftables set {}", set),
                      [&](const netlink::Message& message) {
                        decoder.add(message);
                        return Status{};
                      });
}

Result<nft::Ruleset> NftDataplane::readOnce() {
  nft::Decoder decoder(table_);
  const auto collect = [&](const netlink::Message& message) {
    decoder.add(message);
    return Status{};
  };
  const auto dump = [&](nft::ObjectKind kind, std::string_view what) {
    return socket_.dump(nft::encodeDump(kind, table_, socket_.nextSequence()), what, collect);
  };
  TRY_VOID(dump(nft::ObjectKind::kTable, "read nftables tables"));
  if (!decoder.ruleset().table) {
    return decoder.take();
  }
  TRY_VOID(dump(nft::ObjectKind::kChain, "read nftables chains"));
  TRY_VOID(dump(nft::ObjectKind::kRule, "read nftables rules"));
  TRY_VOID(dump(nft::ObjectKind::kSet, "read nftables sets"));
  std::vector<std::string> names;
  for (const auto& [name, set] : decoder.ruleset().sets) {
    if (!set.spec.dynamic) {
      names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    TRY_VOID(dumpElements(name, decoder));
  }
  return decoder.take();
}

}  // namespace hitless::sys
