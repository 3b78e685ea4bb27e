#pragma once

#include <array>
#include <variant>

#include "core/nft/walk_header.h"

/// The kernel's registers and what expressions do to them, for one packet.
namespace hitless::nft {

/// The rule ends here without effect.
struct NoMatch {};
/// What an expression leads to; monostate: to the next one. A verdict is the ruleset's own.
using Effect = std::variant<std::monostate, NoMatch, const Verdict*, Reject>;
/// nullptr if the effect is no verdict.
inline const Verdict* verdictOf(const Effect& effect) {
  const auto* verdict = std::get_if<const Verdict*>(&effect);
  return verdict == nullptr ? nullptr : *verdict;
}

class WalkMachine {
 public:
  WalkMachine(const Ruleset& ruleset, const WalkPacket& packet);

  /// What rules before this one found in sets is forgotten.
  void beginRule() { hits_.clear(); }
  Result<Effect> run(const Expr& expr);

  const std::vector<WalkHit>& hits() const { return hits_; }
  const WalkPacket& packet() const { return packet_; }
  const Datum& addedLabels() const { return addedLabels_; }

 private:
  friend struct WalkEvaluation;

  void store(Register to, std::span<const std::uint8_t> bytes);
  void storeNumber(Register to, std::uint32_t hostNumber);
  Datum load(Register from, std::size_t size) const;
  Result<const Set*> setOf(const std::string& name) const;
  const Element* find(const Set& set, const Datum& key) const;
  Effect loadFromConnection(CtKey key, Register to);
  void addLabels(const Datum& labels);

  static constexpr std::size_t kRegisterBytes = 64;
  const Ruleset& ruleset_;
  WalkPacket packet_;  ///< As rules have changed it.
  WalkHeader network_;
  WalkHeader transport_;
  std::array<std::uint8_t, kRegisterBytes> registers_{};
  Datum addedLabels_ = Datum().labels({});
  std::vector<WalkHit> hits_;
};

}  // namespace hitless::nft
