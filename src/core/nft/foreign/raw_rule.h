#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/netlink/message.h"

/// Rules of other people's tables: carried as the bytes that the kernel gave, so that what we do
/// not know stays as it is.
namespace hitless::nft {

struct RawRule {
  std::uint8_t family = 0;  ///< NFPROTO_*
  std::string table;
  std::string chain;
  std::uint64_t handle = 0;
  netlink::Bytes expressions;  ///< The payload of NFTA_RULE_EXPRESSIONS.
  netlink::Bytes userdata;
  bool operator==(const RawRule&) const = default;
};

/// Of NFT_MSG_NEWRULE and NFT_MSG_DELRULE; nullopt for any other message.
std::optional<RawRule> rawRuleOf(const netlink::Message& message);

/// What makes two rules the same rule: everything but handle, place and counters. Two rules with
/// the same bytes have the same, and no others.
std::string contentOf(const RawRule& rule);

struct RuleCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool operator==(const RuleCounters&) const = default;
};
/// Of the first counter; zeros if there is none.
RuleCounters countersOf(const RawRule& rule);
/// The same rule with its counters at zero, as a new copy starts.
RawRule withoutCounts(RawRule rule);

/// The protocol that "compat" expressions must be told when the rule is put in anew
/// (NFTA_RULE_COMPAT), which the kernel does not tell when it is read: the rule's own comparison.
struct CompatProtocol {
  std::uint32_t number = 0;
  bool inverted = false;
};
std::optional<CompatProtocol> compatProtocolOf(const RawRule& rule);

/// The chain that a rule leads to; empty if to none.
std::string targetOf(const RawRule& rule);

/// True if the bytes are all that is needed to put the rule in again: it has neither sets, objects
/// nor chains of its own, which go with it.
bool restorable(const RawRule& rule);

}  // namespace hitless::nft
