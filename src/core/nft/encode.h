#pragma once

#include <cstdint>
#include <vector>

#include "core/netlink/message.h"
#include "core/nft/transaction.h"

/// Transactions and dump requests as nf_tables messages.
namespace hitless::nft {

/// One kernel transaction: a batch of messages between BATCH_BEGIN and BATCH_END.
struct Batch {
  netlink::Bytes bytes;
  std::uint32_t beginSequence = 0;  ///< Refusals of the batch as a whole carry this one.
  std::uint32_t lastSequence = 0;   ///< The last operation's: its acknowledgement ends the batch.
  /// The operation that message beginSequence + 1 + i belongs to.
  std::vector<std::size_t> operationOf;
};

/// The batches of a transaction: one, unless it takes more than maxBytes. Sequence numbers count up
/// from `firstSequence`.
std::vector<Batch> encode(const Transaction& transaction, std::uint32_t firstSequence,
                          std::size_t maxBytes);

enum class ObjectKind { kTable, kChain, kRule, kSet };
/// Asks for all objects of a kind in a table.
netlink::Bytes encodeDump(ObjectKind kind, const std::string& table, std::uint32_t sequence);
netlink::Bytes encodeElementDump(const std::string& table, const std::string& set,
                                 std::uint32_t sequence);

}  // namespace hitless::nft
