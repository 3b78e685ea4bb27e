#include "core/nft/memory_dataplane.h"

#include <cerrno>
#include <set>

namespace hitless::nft {
namespace {

/// NFT_JUMP_STACK_SIZE: how deep jumps and gotos may nest.
constexpr int kMaxJumpDepth = 16;

const std::string* targetChain(const Verdict& verdict) {
  const bool jumps = verdict.kind == VerdictKind::kJump || verdict.kind == VerdictKind::kGoto;
  return jumps ? &verdict.chain : nullptr;
}

const std::string* targetChain(const ElementValue& value) {
  const auto* verdict = std::get_if<Verdict>(&value.target);
  return verdict == nullptr ? nullptr : targetChain(*verdict);
}

/// Applies operations to a ruleset, each giving 0 or an errno.
class Applier {
 public:
  explicit Applier(Ruleset& ruleset) : rules_(ruleset) {}

  int operator()(const AddTable& op) {
    if (rules_.table) {
      return EEXIST;
    }
    rules_.table = op.table;
    return 0;
  }

  int operator()(const DeleteTable&) {
    if (!rules_.table) {
      return ENOENT;
    }
    rules_ = {};
    return 0;
  }

  int operator()(const AddChain& op) {
    if (!rules_.table) {
      return ENOENT;
    }
    const auto& hook = op.chain.hook;
    if (hook && hook->type == HookType::kRoute && hook->point != HookPoint::kOutput) {
      return EOPNOTSUPP;
    }
    return rules_.chains.try_emplace(op.chain.name, Chain{op.chain, {}}).second ? 0 : EEXIST;
  }

  int operator()(const DeleteChain& op) {
    const auto it = rules_.chains.find(op.chain);
    if (it == rules_.chains.end()) {
      return ENOENT;
    }
    if (chainReferenced(op.chain)) {
      return EBUSY;
    }
    rules_.chains.erase(it);
    return 0;
  }

  int operator()(const FlushChain& op) {
    const auto it = rules_.chains.find(op.chain);
    if (it == rules_.chains.end()) {
      return ENOENT;
    }
    it->second.rules.clear();
    return 0;
  }

  int operator()(const AddRule& op) {
    const auto it = rules_.chains.find(op.chain);
    if (it == rules_.chains.end()) {
      return ENOENT;
    }
    for (const Expr& expr : op.rule.exprs) {
      if (const int err = checkExpr(expr)) {
        return err;
      }
    }
    it->second.rules.push_back(op.rule);
    return 0;
  }

  int operator()(const AddSet& op) {
    if (!rules_.table) {
      return ENOENT;
    }
    if (sizeOf(op.set.key) == 0 || sizeOf(op.set.key) > Datum::kCapacity ||
        (op.set.kind == SetSpec::Kind::kMap) != (sizeOf(op.set.value) > 0)) {
      return EINVAL;
    }
    return rules_.sets.try_emplace(op.set.name, Set{op.set, {}}).second ? 0 : EEXIST;
  }

  int operator()(const DeleteSet& op) {
    const auto it = rules_.sets.find(op.set);
    if (it == rules_.sets.end()) {
      return ENOENT;
    }
    if (setReferenced(op.set)) {
      return EBUSY;
    }
    rules_.sets.erase(it);
    return 0;
  }

  int operator()(const AddElements& op) {
    Set* set = findSet(op.set);
    if (set == nullptr) {
      return ENOENT;
    }
    for (const Element& element : op.elements) {
      if (const int err = checkElement(set->spec, element)) {
        return err;
      }
      if (!set->elements.insert(element).second) {
        return EEXIST;
      }
    }
    return 0;
  }

  int operator()(const ReplaceElements& op) {
    Set* set = findSet(op.set);
    if (set == nullptr) {
      return ENOENT;
    }
    for (const Element& element : op.elements) {
      if (const int err = checkElement(set->spec, element)) {
        return err;
      }
      const auto it = set->elements.find(element.first);
      if (it == set->elements.end()) {
        return ENOENT;
      }
      it->second = element.second;
    }
    return 0;
  }

  int operator()(const DeleteElements& op) {
    Set* set = findSet(op.set);
    if (set == nullptr) {
      return ENOENT;
    }
    for (const Datum& key : op.keys) {
      if (set->elements.erase(key) == 0) {
        return ENOENT;
      }
    }
    return 0;
  }

  /// What the kernel checks at commit: the graph of jumps.
  int validate() {
    for (const auto& [name, chain] : rules_.chains) {
      if (chain.spec.hook) {
        if (const int err = walk(name, 1)) {
          return err;
        }
      }
    }
    return 0;
  }

 private:
  Set* findSet(const std::string& name) {
    const auto it = rules_.sets.find(name);
    return it == rules_.sets.end() ? nullptr : &it->second;
  }

  int checkTarget(const std::string* chain) const {
    if (chain == nullptr) {
      return 0;
    }
    const auto it = rules_.chains.find(*chain);
    if (it == rules_.chains.end()) {
      return ENOENT;
    }
    return it->second.spec.hook ? EOPNOTSUPP : 0;
  }

  int checkElement(const SetSpec& spec, const Element& element) const {
    const auto* data = std::get_if<Datum>(&element.second.target);
    const bool fits = [&] {
      switch (spec.kind) {
        case SetSpec::Kind::kSet:
          return std::holds_alternative<std::monostate>(element.second.target);
        case SetSpec::Kind::kMap:
          return data != nullptr && data->size() == sizeOf(spec.value);
        case SetSpec::Kind::kVerdictMap:
          return std::holds_alternative<Verdict>(element.second.target);
      }
      return false;
    }();
    if (!fits || element.first.size() != sizeOf(spec.key)) {
      return EINVAL;
    }
    return checkTarget(targetChain(element.second));
  }

  int checkExpr(const Expr& expr) const {
    if (const auto* act = std::get_if<Act>(&expr)) {
      return checkTarget(targetChain(act->verdict));
    }
    if (const auto* update = std::get_if<UpdateMap>(&expr)) {
      const auto map = rules_.sets.find(update->map);
      return map == rules_.sets.end() ? ENOENT : map->second.spec.dynamic ? 0 : EOPNOTSUPP;
    }
    const auto* lookup = std::get_if<Lookup>(&expr);
    if (lookup == nullptr) {
      return std::holds_alternative<Foreign>(expr) ? EINVAL : 0;
    }
    const auto set = rules_.sets.find(lookup->set);
    if (set == rules_.sets.end()) {
      return ENOENT;
    }
    const auto kind = set->second.spec.kind;
    const bool fits =
        lookup->result == Lookup::Result::kMatch || lookup->result == Lookup::Result::kNoMatch ||
        (lookup->result == Lookup::Result::kValue && kind == SetSpec::Kind::kMap) ||
        (lookup->result == Lookup::Result::kVerdict && kind == SetSpec::Kind::kVerdictMap);
    return fits ? 0 : EINVAL;
  }

  /// Calls `visit(chain)` for every chain that a rule of `chain` may continue in.
  template <class Visit>
  void forEachTarget(const Chain& chain, Visit visit) const {
    for (const Rule& rule : chain.rules) {
      for (const Expr& expr : rule.exprs) {
        if (const auto* act = std::get_if<Act>(&expr); act && targetChain(act->verdict)) {
          visit(*targetChain(act->verdict));
        }
        const auto* lookup = std::get_if<Lookup>(&expr);
        if (lookup != nullptr && lookup->result == Lookup::Result::kVerdict) {
          for (const Element& element : rules_.sets.at(lookup->set).elements) {
            if (const std::string* target = targetChain(element.second)) {
              visit(*target);
            }
          }
        }
      }
    }
  }

  bool chainReferenced(const std::string& name) const {
    for (const auto& [other, set] : rules_.sets) {
      for (const Element& element : set.elements) {
        if (const std::string* target = targetChain(element.second); target && *target == name) {
          return true;
        }
      }
    }
    bool found = false;
    for (const auto& [other, chain] : rules_.chains) {
      if (other != name) {
        forEachTarget(chain, [&](const std::string& target) { found = found || target == name; });
      }
    }
    return found;
  }

  bool setReferenced(const std::string& name) const {
    for (const auto& [other, chain] : rules_.chains) {
      for (const Rule& rule : chain.rules) {
        for (const Expr& expr : rule.exprs) {
          const auto* lookup = std::get_if<Lookup>(&expr);
          const auto* update = std::get_if<UpdateMap>(&expr);
          if ((lookup != nullptr && lookup->set == name) ||
              (update != nullptr && update->map == name)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  int walk(const std::string& name, int depth) {
    if (!path_.insert(name).second) {
      return ELOOP;
    }
    int err = depth > kMaxJumpDepth ? EMLINK : 0;
    forEachTarget(rules_.chains.at(name), [&](const std::string& target) {
      err = err != 0 ? err : walk(target, depth + 1);
    });
    path_.erase(name);
    return err;
  }

  Ruleset& rules_;
  std::set<std::string> path_;
};

/// As in the kernel: only rules and verdicts can make a new path through the chains.
bool changesJumps(const Ruleset& ruleset, const Transaction& transaction) {
  for (const Operation& operation : transaction.operations) {
    if (std::holds_alternative<AddRule>(operation)) {
      return true;
    }
    const auto* added = std::get_if<AddElements>(&operation);
    const auto set = added != nullptr ? ruleset.sets.find(added->set) : ruleset.sets.end();
    if (set != ruleset.sets.end() && set->second.spec.kind == SetSpec::Kind::kVerdictMap) {
      return true;
    }
  }
  return false;
}

/// Remembers what a transaction may change, to take it back: one service's change must not cost a
/// copy of the whole table.
class Undo {
 public:
  Undo(Ruleset& ruleset, const Transaction& transaction) : ruleset_(ruleset) {
    for (const Operation& operation : transaction.operations) {
      std::visit([this](const auto& op) { note(op); }, operation);
    }
  }

  void run() {
    if (whole_) {
      ruleset_ = std::move(*whole_);
      return;
    }
    for (auto& [name, set] : sets_) {
      restore(ruleset_.sets, name, std::move(set));
    }
    for (auto& [name, chain] : chains_) {
      restore(ruleset_.chains, name, std::move(chain));
    }
  }

 private:
  template <class Op>
  void note(const Op& op) {
    if constexpr (requires { op.table; } || std::is_same_v<Op, DeleteTable>) {
      whole_ = whole_ ? std::move(whole_) : std::optional(ruleset_);
    } else if constexpr (requires { op.set.name; }) {
      keep(sets_, ruleset_.sets, op.set.name);
    } else if constexpr (requires { op.set; }) {
      keep(sets_, ruleset_.sets, op.set);
    } else if constexpr (requires { op.chain.name; }) {
      keep(chains_, ruleset_.chains, op.chain.name);
    } else {
      keep(chains_, ruleset_.chains, op.chain);
    }
  }

  template <class Kept, class Map>
  static void keep(Kept& kept, const Map& map, const std::string& name) {
    const auto it = map.find(name);
    kept.try_emplace(name, it == map.end() ? std::nullopt : std::optional(it->second));
  }

  template <class Map, class Kept>
  static void restore(Map& map, const std::string& name, Kept kept) {
    if (kept) {
      map.insert_or_assign(name, std::move(*kept));
    } else {
      map.erase(name);
    }
  }

  Ruleset& ruleset_;
  std::optional<Ruleset> whole_;
  std::map<std::string, std::optional<Set>> sets_;
  std::map<std::string, std::optional<Chain>> chains_;
};

}  // namespace

int applyTo(Ruleset& ruleset, const Transaction& transaction, std::size_t& failed) {
  Applier applier(ruleset);
  failed = 0;
  for (const Operation& operation : transaction.operations) {
    if (const int err = std::visit(applier, operation)) {
      return err;
    }
    ++failed;
  }
  return changesJumps(ruleset, transaction) ? applier.validate() : 0;
}

Result<Ruleset> MemoryDataplane::read() {
  Ruleset seen = ruleset_;
  for (auto& [name, set] : seen.sets) {
    if (set.spec.dynamic) {
      set.elements.clear();
    }
  }
  return seen;
}

Result<Elements> MemoryDataplane::readElements(const std::string& set) {
  const auto it = ruleset_.sets.find(set);
  return it == ruleset_.sets.end() ? Elements{} : it->second.elements;
}

void MemoryDataplane::update(const std::string& map, const Element& element) {
  ruleset_.sets.at(map).elements.insert_or_assign(element.first, element.second);
}

Result<Receipt> MemoryDataplane::apply(const Transaction& transaction) {
  std::size_t failed = 0;
  Undo undo(ruleset_, transaction);
  const int err = refusal_ != 0 ? refusal_ : applyTo(ruleset_, transaction, failed);
  refusal_ = 0;
  if (err != 0) {
    undo.run();
    return tl::unexpected(
        osError("change the packet rules", err).about(operationSubject(transaction, failed)));
  }
  return Receipt{transaction.operations.size(), transaction.elementCount(), 1, 0};
}

}  // namespace hitless::nft
