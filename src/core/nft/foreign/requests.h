#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/netlink/message.h"
#include "core/nft/foreign/raw_rule.h"

/// Requests to nf_tables about anybody's tables, as bytes.
namespace hitless::nft {

/// A chain's place: NFPROTO_*, table, name.
struct ChainPlace {
  std::uint8_t family = 0;
  std::string table;
  std::string chain;
  auto operator<=>(const ChainPlace&) const = default;
};

/// Asks for all chains of all families, with family 0, or of one.
netlink::Bytes encodeChainDump(std::uint8_t family, std::uint32_t sequence);
/// Asks for one chain, whatever is in it.
netlink::Bytes encodeChainGet(const ChainPlace& place, std::uint32_t sequence);
/// Asks for the rules of a chain; the kernel looks at no other.
netlink::Bytes encodeRuleDump(const ChainPlace& place, std::uint32_t sequence);
netlink::Bytes encodeTableDump(std::uint8_t family, std::uint32_t sequence);
netlink::Bytes encodeGenerationGet(std::uint32_t sequence);

/// The ruleset's generation, and who made it; nullopt of other messages.
struct Generation {
  std::uint32_t id = 0;
  std::uint32_t pid = 0;
  std::string process;
};
std::optional<Generation> generationOf(const netlink::Message& message);

/// A table that one process has for itself, so that the kernel refuses everybody else's changes.
struct TableOwner {
  std::uint8_t family = 0;
  std::string table;
  std::uint32_t port = 0;  ///< The netlink port of the owner; 0: nobody's.
};
std::optional<TableOwner> tableOwnerOf(const netlink::Message& message);

/// One transaction against foreign tables, message by message.
class ForeignBatch {
 public:
  /// The kernel refuses the whole with ERESTART if the ruleset is no longer of this generation; it
  /// takes generation 0 for any.
  ForeignBatch(std::uint32_t firstSequence, std::uint32_t generation);

  void deleteRule(const ChainPlace& place, std::uint64_t handle);
  /// Changes nothing; the kernel refuses the whole with ENOENT if the rule is gone.
  void expectRule(const ChainPlace& place, std::uint64_t handle);
  void flushChain(const ChainPlace& place);
  void deleteChain(const ChainPlace& place);
  void addChain(const ChainPlace& place);
  /// Where a rule goes in its chain.
  struct Position {
    bool first = false;           ///< Before all others or before `neighbour`, else behind.
    std::uint64_t neighbour = 0;  ///< A handle; 0: the chain's beginning or end.
  };
  void addRule(const RawRule& rule, const Position& position);
  /// Closes the transaction; the last operation is acknowledged.
  void finish();

  const netlink::Bytes& bytes() const { return bytes_; }
  std::size_t operations() const { return operations_; }
  std::uint32_t firstSequence() const { return first_; }
  std::uint32_t lastSequence() const { return sequence_; }

 private:
  void mark(std::uint16_t type);
  template <class Body>
  void message(std::uint16_t type, std::uint16_t flags, std::uint8_t family, Body body);

  netlink::Bytes bytes_;
  std::uint32_t first_;
  std::uint32_t sequence_;
  std::uint32_t generation_;
  std::size_t operations_ = 0;
  std::size_t lastMessage_ = 0;
  std::uint32_t ruleId_ = 0;
};

}  // namespace hitless::nft
