#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/netlink/message.h"

namespace hitless::nft {

/// One committed transaction that changed the watched table, and who sent it.
struct TableChange {
  std::uint32_t pid = 0;    ///< In the machine's first pid namespace; 0 if the kernel did not say.
  std::string process;      ///< The process's name (comm), at most 15 bytes; may be empty.
  std::string first;        ///< What the first notification said: "deleted a set element".
  std::size_t objects = 0;  ///< How many notifications there were.

  /// "process 4711 (nft) changed 12 objects; the first: deleted a set element"
  std::string text() const;
};

/// Reads what the kernel multicasts to NFNLGRP_NFTABLES: notifications of the objects of a
/// transaction, closed by NFT_MSG_NEWGEN, which names the sender's process.
class TableNews {
 public:
  /// Watches one table of the inet family. What the netlink port `ownPort` changes is no news.
  TableNews(std::string table, std::uint32_t ownPort)
      : table_(std::move(table)), ownPort_(ownPort) {}

  /// A change when `message` ends a transaction of somebody else that touched the table.
  std::optional<TableChange> add(const netlink::Message& message);
  /// Forgets what was said of a transaction whose end has not been seen: messages were lost.
  void forget() { pending_ = {}; }

 private:
  bool concerns(const netlink::Message& message) const;

  std::string table_;
  std::uint32_t ownPort_;
  TableChange pending_;
};

}  // namespace hitless::nft
