#include "core/iptables/chain_walker.h"

#include <algorithm>

namespace hitless::iptables {

namespace {

/// The kernel takes as many jumps as there are chains; what people write stays far below this.
constexpr int kDeepest = 100;

bool ends(Effect::Kind kind) {
  using Kind = Effect::Kind;
  return kind == Kind::kAccept || kind == Kind::kDrop || kind == Kind::kReject ||
         kind == Kind::kTranslate || kind == Kind::kSteal;
}

CompiledRule compile(std::string_view text,
                     const std::unordered_map<std::string_view, const Chain*>& chains) {
  CompiledRule out;
  const auto rule = parseRule(text);
  if (!rule) {
    out.readable = false;
    out.conditions.all.push_back([](const Packet&) { return Answer::kMaybe; });
    out.effect = {Effect::Kind::kUnknown, "something unreadable", {}};
    return out;
  }
  const auto chain = chains.find(rule->target);
  out.to = chain == chains.end() ? nullptr : chain->second;
  out.conditions = conditionsOf(*rule);
  out.effect = effectOf(*rule, out.to != nullptr);
  if (out.effect.kind == Effect::Kind::kGoto && out.to == nullptr) {
    out.effect.kind = Effect::Kind::kUnknown;
  }
  return out;
}

}  // namespace

WalkTable::WalkTable(std::string from, const Table& what) : source(std::move(from)), table(&what) {
  for (const Chain& chain : what.chains) {
    chains.emplace(chain.name, &chain);
  }
}

const CompiledRule& WalkTable::compiled(std::string_view text) {
  const auto found = rules.find(text);
  return found != rules.end() ? found->second
                              : rules.emplace(text, compile(text, chains)).first->second;
}

Result<Effect::Kind> ChainWalker::run(WalkTable& table, std::string_view hook,
                                      const Chain& builtIn) {
  table_ = &table;
  hook_ = hook;
  const Effect::Kind left = TRY(pass(builtIn, true, 0));
  if (ends(left)) {
    return left;
  }
  if (builtIn.policy == "DROP") {
    record(result_.steps, builtIn, builtIn.rules.size(), "DROP");
    return Effect::Kind::kDrop;
  }
  return Effect::Kind::kAccept;
}

Result<Effect::Kind> ChainWalker::pass(const Chain& chain, bool sure, int depth) {
  if (depth > kDeepest) {
    return invalid("chains of table " + std::string(table_->table->name) +
                   " lead into each other, over " + std::string(chain.name));
  }
  // Inside a guess nothing is counted: the packet went the other way, so it seems.
  std::size_t slot = result_.passed.size();
  if (sure) {
    result_.passed.push_back({table_->source, std::string(hook_), std::string(table_->table->name),
                              std::string(chain.name), 0, 0});
  }
  for (std::size_t at = 0; at < chain.rules.size(); ++at) {
    if (budget_-- == 0) {
      return invalid("the packet meets more than 100,000,000 rules: gave up");
    }
    if (sure) {
      ++result_.passed[slot].rules;
      ++result_.rules;
    }
    const Effect::Kind kind = TRY(meet(chain, at, sure, depth));
    if (kind == Effect::Kind::kReturn) {
      return Effect::Kind::kContinue;
    }
    if (kind != Effect::Kind::kContinue) {
      return kind;
    }
  }
  if (chain.unread > 0 && sure) {
    result_.passed[slot].rules += chain.unread;
    result_.passed[slot].unread = chain.unread;
    result_.rules += chain.unread;
    note(std::to_string(chain.unread) + " rules of " + std::string(table_->table->name) + ' ' +
         std::string(chain.name) + " were not read and count as not matched");
  }
  return Effect::Kind::kContinue;
}

Result<Effect::Kind> ChainWalker::meet(const Chain& chain, std::size_t& at, bool sure, int depth) {
  const CompiledRule& rule = table_->compiled(chain.rules[at].text);
  const Answer matches = rule.conditions.of(result_.packet);
  if (matches == Answer::kNo) {
    return Effect::Kind::kContinue;
  }
  const bool lot = rule.conditions.drawsLots;
  const bool balances = lot && table_->table->name == "nat";
  if (matches == Answer::kMaybe || (lot && !balances)) {
    TRY_VOID(guess(chain, at, rule, depth));
    return Effect::Kind::kContinue;
  }
  return act(chain, at, rule, sure, depth);
}

std::string ChainWalker::describe(const CompiledRule& rule) const {
  switch (rule.effect.kind) {
    case Effect::Kind::kJump:
      return "jump " + rule.effect.says;
    case Effect::Kind::kGoto:
      return "goto " + rule.effect.says;
    default:
      return rule.effect.says.empty() ? "counts" : rule.effect.says;
  }
}

Result<Effect::Kind> ChainWalker::act(const Chain& chain, std::size_t at, const CompiledRule& rule,
                                      bool sure, int depth) {
  const std::uint64_t oneOf = rule.conditions.drawsLots ? branches(chain, at) : 0;
  const Effect::Kind kind = rule.effect.kind;
  if (kind == Effect::Kind::kUnknown) {
    TRY_VOID(guess(chain, at, rule, depth));
    return Effect::Kind::kContinue;
  }
  if (sure) {
    record(result_.steps, chain, at, describe(rule), oneOf);
  } else if (ends(kind) || rule.effect.change) {
    record(result_.alternatives, chain, at, describe(rule), oneOf);
  }
  if (rule.effect.change) {
    Packet changed = result_.packet;
    rule.effect.change(changed);
    if (sure) {
      result_.packet = std::move(changed);
    } else {
      result_.packet.mark = result_.packet.mark.orElse(changed.mark);
      result_.packet.connectionMark = result_.packet.connectionMark.orElse(changed.connectionMark);
    }
  }
  if (kind == Effect::Kind::kJump || kind == Effect::Kind::kGoto) {
    return follow(rule, sure, depth);
  }
  return kind;
}

Result<Effect::Kind> ChainWalker::follow(const CompiledRule& rule, bool sure, int depth) {
  const Effect::Kind kind = TRY(pass(*rule.to, sure, depth + 1));
  if (ends(kind)) {
    return kind;
  }
  return rule.effect.kind == Effect::Kind::kGoto ? Effect::Kind::kReturn : Effect::Kind::kContinue;
}

/// What the rule would do if it matched.
Status ChainWalker::guess(const Chain& chain, std::size_t at, const CompiledRule& rule, int depth) {
  using Kind = Effect::Kind;
  if (rule.effect.kind == Kind::kJump || rule.effect.kind == Kind::kGoto) {
    TRY_VOID(pass(*rule.to, false, depth + 1));
    return {};
  }
  if (rule.effect.kind == Kind::kUnknown) {
    record(result_.alternatives, chain, at, describe(rule));
    return {};
  }
  if (rule.effect.kind == Kind::kReturn) {
    record(result_.alternatives, chain, at, "RETURN");
    return {};
  }
  TRY_VOID(act(chain, at, rule, false, depth));
  return {};
}

/// The lot's branches: up to the first rule that is sure to match, which takes what is left.
std::uint64_t ChainWalker::branches(const Chain& chain, std::size_t at) {
  std::uint64_t count = 0;
  for (; at < chain.rules.size(); ++at) {
    const CompiledRule& rule = table_->compiled(chain.rules[at].text);
    if (rule.conditions.of(result_.packet) == Answer::kNo) {
      continue;
    }
    ++count;
    if (!rule.conditions.drawsLots) {
      break;
    }
  }
  return count;
}

void ChainWalker::record(std::vector<WalkedRule>& to, const Chain& chain, std::size_t at,
                         std::string does, std::uint64_t oneOf) {
  RulePlace place{table_->source,
                  std::string(hook_),
                  std::string(table_->table->name),
                  std::string(chain.name),
                  0,
                  0,
                  "policy " + std::string(chain.policy)};
  if (at < chain.rules.size()) {
    place.number = at + 1;
    place.line = chain.rules[at].line;
    place.text = chain.rules[at].text;
  }
  const bool again = !to.empty() && to.back().place.text == place.text &&
                     to.back().place.chain == place.chain && to.back().place.hook == place.hook &&
                     to.back().does == does;
  if (again && &to == &result_.alternatives) {
    return;
  }
  WalkedRule walked{std::move(place), std::move(does), oneOf};
  if (to.size() < WalkResult::kMostSteps) {
    to.push_back(std::move(walked));
    return;
  }
  // The last one decides, so it must not be the one that is left out.
  to.back() = std::move(walked);
  note("more than " + std::to_string(WalkResult::kMostSteps) + " rules matched: not all are told");
}

void ChainWalker::note(std::string text) {
  if (std::find(result_.notes.begin(), result_.notes.end(), text) == result_.notes.end()) {
    result_.notes.push_back(std::move(text));
  }
}

}  // namespace hitless::iptables
