#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/iptables/conditions.h"
#include "core/iptables/effect.h"
#include "core/iptables/walk.h"

namespace hitless::iptables {

/// A rule as far as a packet meets it. Of a million rules few are distinct: compiled once by text.
struct CompiledRule {
  Conditions conditions;
  Effect effect;
  const Chain* to = nullptr;  ///< Of kJump and kGoto.
  bool readable = true;
};

/// One table of one source.
struct WalkTable {
  std::string source;
  const Table* table = nullptr;
  std::unordered_map<std::string_view, const Chain*> chains = {};
  std::unordered_map<std::string_view, CompiledRule> rules = {};

  WalkTable(std::string from, const Table& what);
  const CompiledRule& compiled(std::string_view text);
};

/// Takes a packet through the chains of one table at one hook.
class ChainWalker {
 public:
  ChainWalker(WalkResult& result, std::uint64_t& budget) : result_(result), budget_(budget) {}

  /// Where the packet leaves the table; kAccept also of a policy ACCEPT.
  Result<Effect::Kind> run(WalkTable& table, std::string_view hook, const Chain& builtIn);

 private:
  /// kContinue: the chain came to its end, or returned. `sure` is false where only a guess led
  /// here: then nothing is decided, and what would be is put down as an alternative.
  Result<Effect::Kind> pass(const Chain& chain, bool sure, int depth);
  Result<Effect::Kind> meet(const Chain& chain, std::size_t& at, bool sure, int depth);
  Result<Effect::Kind> act(const Chain& chain, std::size_t at, const CompiledRule& rule, bool sure,
                           int depth);
  Result<Effect::Kind> follow(const CompiledRule& rule, bool sure, int depth);
  Status guess(const Chain& chain, std::size_t at, const CompiledRule& rule, int depth);
  std::uint64_t branches(const Chain& chain, std::size_t at);
  void record(std::vector<WalkedRule>& to, const Chain& chain, std::size_t at, std::string does,
              std::uint64_t oneOf = 0);
  std::string describe(const CompiledRule& rule) const;
  void note(std::string text);

  WalkResult& result_;
  std::uint64_t& budget_;
  WalkTable* table_ = nullptr;
  std::string_view hook_;
};

}  // namespace hitless::iptables
