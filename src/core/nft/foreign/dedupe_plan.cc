#include "core/nft/foreign/dedupe_plan.h"

#include <unordered_map>

#include "core/iptables/owners.h"
#include "core/iptables/rule.h"
#include "core/nft/foreign/rule_words.h"

namespace hitless::nft {
namespace {

/// What is known of the rules with one content.
struct Kind {
  std::uint32_t index = 0;
  bool mayGo = false;
  bool reads = false;
  bool changes = true;
  bool jumps = false;
  std::uint64_t epoch = 0;  ///< At the last copy that stays.
  std::uint64_t writes = 0;
  std::uint64_t anchor = 0;  ///< The handle of the last copy that stays.
  bool anchored = false;     ///< It is among the plan's anchors.
};

Kind kindOf(const RawRule& raw, std::uint32_t index,
            const std::function<bool(std::string_view)>& isChain) {
  const std::string text = ruleText(raw);
  const auto rule = iptables::parseRule(text);
  if (!rule) {
    return {index};
  }
  const bool chain = isChain(rule->target);
  const bool owned = iptables::ownerOfRule(raw.chain, {text, {}, 0}) != nullptr;
  const bool nothing = iptables::repetition(*rule, chain) == iptables::Repetition::kNothing;
  return {index, owned && nothing && restorable(raw), iptables::readsWhatRulesWrite(*rule),
          iptables::changesWhatRulesRead(*rule, chain), chain};
}

}  // namespace

DedupePlan planDedupe(std::span<const RawRule> rules,
                      const std::function<bool(std::string_view)>& isChain) {
  DedupePlan plan;
  std::unordered_map<std::string, Kind> kinds;
  // Rules so far that stay and may change what others ask for; and those of them that surely write.
  std::uint64_t epoch = 0;
  std::uint64_t writes = 0;
  for (const RawRule& rule : rules) {
    std::string content = contentOf(rule);
    auto found = kinds.find(content);
    const bool first = found == kinds.end();
    if (first) {
      const auto index = static_cast<std::uint32_t>(plan.distinct.size());
      found = kinds.emplace(std::move(content), kindOf(rule, index, isChain)).first;
      plan.distinct.push_back(rule);
    }
    Kind& kind = found->second;
    const bool same =
        (!kind.reads || kind.epoch == epoch) && (!kind.jumps || kind.writes == writes);
    const bool goes = !first && kind.mayGo && same;
    if (!goes) {
      epoch += kind.changes ? 1 : 0;
      writes += kind.changes && !kind.jumps ? 1 : 0;
      kind.epoch = epoch;
      kind.writes = writes;
      kind.anchor = rule.handle;
      kind.anchored = false;
    } else if (!kind.anchored) {
      kind.anchored = true;
      plan.anchors.push_back(kind.anchor);
      plan.independent = plan.independent && !kind.reads && !kind.jumps;
    }
    plan.layout.push_back(kind.index);
    plan.goes.push_back(goes);
    plan.goneCount += goes ? 1 : 0;
  }
  return plan;
}

}  // namespace hitless::nft
