#include "core/iptables/superfluous.h"

#include <cstdint>
#include <unordered_map>

#include "core/iptables/rule.h"

namespace hitless::iptables {

namespace {

/// A distinct text of the chain.
struct Kind {
  bool mayGo = false;
  bool reads = false;
  bool changes = true;
  std::uint64_t epoch = 0;  ///< At the last copy that stays.
};

Kind kindOf(std::string_view text, const std::function<bool(std::string_view)>& isChain) {
  const auto rule = parseRule(text);
  if (!rule) {
    return {};
  }
  const bool chain = isChain(rule->target);
  return {repetition(*rule, chain) == Repetition::kNothing, readsWhatRulesWrite(*rule),
          changesWhatRulesRead(*rule, chain), 0};
}

}  // namespace

std::vector<bool> superfluous(const Chain& chain,
                              const std::function<bool(std::string_view)>& isChain) {
  std::vector<bool> may(chain.rules.size());
  std::unordered_map<std::string_view, Kind> kinds;
  std::uint64_t epoch = 0;  // Rules so far that stay and may change what others ask for.
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    const std::string_view text = chain.rules[i].text;
    auto found = kinds.find(text);
    const bool first = found == kinds.end();
    if (first) {
      found = kinds.emplace(text, kindOf(text, isChain)).first;
    }
    Kind& kind = found->second;
    may[i] = !first && kind.mayGo && (!kind.reads || kind.epoch == epoch);
    if (!may[i]) {
      epoch += kind.changes ? 1 : 0;
      kind.epoch = epoch;
    }
  }
  return may;
}

}  // namespace hitless::iptables
