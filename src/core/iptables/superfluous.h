#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/iptables/dump.h"

namespace hitless::iptables {

using IsChain = std::function<bool(std::string_view)>;

/// For each rule of the chain, whether it may go: the same text stands before it, stays, and has
/// decided already (rule.h repetition()). A repetition that asks for marks, sets and the like stays
/// where a rule that stays stands between both and may have changed them; one that leads to a
/// chain, which may ask for anything, where such a rule other than a jump does. What cannot be
/// parsed stays. Linear in the chain; each distinct text is parsed once. `isChain` says whether a
/// target is a chain of the table.
std::vector<bool> superfluous(const Chain& chain, const IsChain& isChain);

/// A distinct text of a chain, as far as its rules were seen.
struct RuleKind {
  std::string target;  ///< Empty: none, or it cannot be parsed.
  std::uint64_t count = 0;
  std::uint64_t mayGo = 0;
  std::uint32_t firstLine = 0;
  std::uint32_t lastLine = 0;
  bool decides = false;  ///< repetition() is kNothing.
  bool reads = false;    ///< readsWhatRulesWrite()
  bool changes = true;   ///< changesWhatRulesRead()
  bool jumps = false;    ///< The target is a chain.
  /// RepetitionJudge's, when its last copy that stays was seen.
  std::uint64_t epoch = 0;
  std::uint64_t writes = 0;
};

/// The same, a rule at a time.
class RepetitionJudge {
 public:
  explicit RepetitionJudge(const IsChain& isChain) : isChain_(isChain) {}
  /// Whether the next rule of the chain may go.
  bool mayGo(const RuleText& rule);
  const std::unordered_map<std::string_view, RuleKind>& kinds() const { return kinds_; }

 private:
  const IsChain& isChain_;
  std::unordered_map<std::string_view, RuleKind> kinds_;
  /// Rules so far that stay and may change what others ask for; and those that do so themselves.
  std::uint64_t epoch_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace hitless::iptables
