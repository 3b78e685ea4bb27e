#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/iptables/dump.h"
#include "core/iptables/packet.h"

/// Follows one packet through tables as they are: raw, mangle, nat, filter and security in the
/// kernel's order at each hook, and says which rule decides.
namespace hitless::iptables {

/// Tables that a packet passes. Of two with the same name the first is passed first.
struct Source {
  std::string name;  ///< "nft", "legacy", or the file's.
  const Dump* dump = nullptr;
};

struct RulePlace {
  std::string source;  ///< Source::name
  std::string hook;    ///< "FORWARD"
  std::string table;
  std::string chain;
  std::uint64_t number = 0;  ///< In the chain, from 1; 0: its policy.
  std::uint32_t line = 0;    ///< Of the dump, from 1; 0: the policy.
  std::string text;          ///< The rule's, or "policy DROP".
  bool operator==(const RulePlace&) const = default;
};

/// A rule that matched and did something.
struct WalkedRule {
  RulePlace place;
  std::string does;         ///< "jump KUBE-SVC-X", "DNAT to 10.0.0.1:80", "DROP"
  std::uint64_t oneOf = 0;  ///< Drawn by lot among so many branches, of which this is the first.
  bool operator==(const WalkedRule&) const = default;
};

struct PassedChain {
  std::string source;
  std::string hook;
  std::string table;
  std::string chain;
  std::uint64_t rules = 0;   ///< That the packet was compared with, or so it seems.
  std::uint64_t unread = 0;  ///< Of those, how many nobody read.
  bool operator==(const PassedChain&) const = default;
};

/// The packet as it comes to a hook.
struct AtHook {
  std::string hook;
  Packet packet;
};

struct WalkResult {
  enum class Verdict { kAccept, kDrop, kReject, kSteal };
  Verdict verdict = Verdict::kAccept;
  std::vector<WalkedRule> steps;  ///< In order, at most kMostSteps; the last decided, if any did.
  /// Rules that may have matched too, which nobody can tell from a packet alone: what they would
  /// have done instead. At most kMostSteps.
  std::vector<WalkedRule> alternatives;
  std::vector<PassedChain> passed;
  std::uint64_t rules = 0;         ///< Sum over `passed`.
  std::vector<AtHook> hooks;       ///< In order; the last may be where it ended.
  std::vector<std::string> notes;  ///< What else to know: assumptions, what was left out.
  Packet packet;                   ///< As it leaves the last rule.

  static constexpr std::size_t kMostSteps = 500;
  /// False if another outcome is possible.
  bool sure() const { return alternatives.empty() && notes.empty(); }
};

/// Hooks by who sends and who receives: PREROUTING, then INPUT or FORWARD and POSTROUTING; OUTPUT
/// and POSTROUTING for what the node sends, and then PREROUTING and INPUT if it sends to itself.
/// Rules that cannot be judged count as not matched and are named in `alternatives`; bits of marks
/// that they would have set are unknown from there on. Errors: chains that lead into each other,
/// more than 100,000,000 comparisons.
Result<WalkResult> walk(const std::vector<Source>& sources, Packet packet);

std::string_view name(WalkResult::Verdict verdict);  ///< "accept", "drop", "reject", "process"

}  // namespace hitless::iptables
