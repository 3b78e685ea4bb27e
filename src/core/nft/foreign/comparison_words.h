#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/nft/foreign/registers.h"

namespace hitless::nft {

/// What `cmp` and `range` compare a register with.
struct Comparison {
  std::uint32_t op = 0;  ///< NFT_CMP_*; of a range NFT_CMP_EQ or NFT_CMP_NEQ.
  netlink::ByteView from;
  netlink::ByteView to = {};  ///< Of a range only.
};
Comparison comparisonOf(const netlink::Attributes& cmp);
Comparison rangeOf(const netlink::Attributes& range);

/// The words of a rule before its target, in iptables-save's order.
class RuleWords {
 public:
  explicit RuleWords(std::uint8_t family) : family_(family) {}

  /// What iptables has no words for becomes `-m nft --expr`.
  void add(const Source& source, const Comparison& comparison);
  void addMatch(std::string text) { matches_.push_back(std::move(text)); }
  void addForeign(std::string_view hint);
  std::string text(const std::string& target) const;

 private:
  bool addMeta(const Source& source, const Comparison& comparison);
  bool addNetwork(const Source& source, const Comparison& comparison);
  bool addTransport(const Source& source, const Comparison& comparison);
  bool addPort(bool source, const Comparison& comparison);
  bool addProtocol(const Comparison& comparison);

  std::uint8_t family_;
  std::string source_, destination_, in_, out_, protocolText_, fragment_;
  std::optional<std::uint8_t> protocol_;
  std::vector<std::string> matches_;
  /// Ports and flags are one match, where the first of them stands.
  std::optional<std::size_t> transport_;
  std::string sourcePort_, destinationPort_, flags_;
};

}  // namespace hitless::nft
