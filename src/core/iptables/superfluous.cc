#include "core/iptables/superfluous.h"

#include "core/iptables/rule.h"

namespace hitless::iptables {

namespace {

RuleKind kindOf(const RuleText& text, const IsChain& isChain) {
  RuleKind kind;
  kind.firstLine = text.line;
  const auto rule = parseRule(text.text);
  if (rule) {
    const bool chain = isChain(rule->target);
    kind.target = rule->target;
    kind.decides = repetition(*rule, chain) == Repetition::kNothing;
    kind.reads = readsWhatRulesWrite(*rule);
    kind.changes = changesWhatRulesRead(*rule, chain);
    kind.jumps = chain;
  }
  return kind;
}

}  // namespace

bool RepetitionJudge::mayGo(const RuleText& rule) {
  auto found = kinds_.find(rule.text);
  if (found == kinds_.end()) {
    found = kinds_.emplace(rule.text, kindOf(rule, isChain_)).first;
  }
  RuleKind& kind = found->second;
  const bool same =
      (!kind.reads || kind.epoch == epoch_) && (!kind.jumps || kind.writes == writes_);
  const bool go = kind.count > 0 && kind.decides && same;
  ++kind.count;
  kind.lastLine = rule.line;
  if (go) {
    ++kind.mayGo;
  } else {
    epoch_ += kind.changes ? 1 : 0;
    writes_ += kind.changes && !kind.jumps ? 1 : 0;
    kind.epoch = epoch_;
    kind.writes = writes_;
  }
  return go;
}

std::vector<bool> superfluous(const Chain& chain, const IsChain& isChain) {
  std::vector<bool> may(chain.rules.size());
  RepetitionJudge judge(isChain);
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    may[i] = judge.mayGo(chain.rules[i]);
  }
  return may;
}

}  // namespace hitless::iptables
