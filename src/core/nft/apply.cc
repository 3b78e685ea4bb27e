#include "core/nft/apply.h"

#include <cerrno>
#include <iterator>

#include "core/nft/references.h"

namespace hitless::nft {
namespace {

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
    if (chainReferenced(rules_, op.chain)) {
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
    // The kernel could, but SetSpec cannot say how.
    if (op.set.interval && (op.set.key.size() != 1 || op.set.kind != SetSpec::Kind::kSet)) {
      return EINVAL;
    }
    return rules_.sets.try_emplace(op.set.name, Set{op.set, {}}).second ? 0 : EEXIST;
  }

  int operator()(const DeleteSet& op) {
    const auto it = rules_.sets.find(op.set);
    if (it == rules_.sets.end()) {
      return ENOENT;
    }
    if (setReferenced(rules_, op.set)) {
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
      if (overlaps(set->elements, element) || !set->elements.insert(element).second) {
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
      if (it == set->elements.end() || it->second.last != element.second.last) {
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
    for (std::size_t i = 0; i < op.keys.size(); ++i) {
      const Datum last = i < op.lasts.size() ? op.lasts[i] : Datum();
      const auto it = set->elements.find(op.keys[i]);
      if (it == set->elements.end() || it->second.last != last) {
        return ENOENT;
      }
      set->elements.erase(it);
    }
    return 0;
  }

 private:
  Set* findSet(const std::string& name) {
    const auto it = rules_.sets.find(name);
    return it == rules_.sets.end() ? nullptr : &it->second;
  }

  /// Whether an interval has keys in common with one of those that are there.
  static bool overlaps(const Elements& elements, const Element& interval) {
    auto behind = elements.upper_bound(interval.second.last);
    return interval.second.last.size() != 0 && behind != elements.begin() &&
           std::prev(behind)->second.last >= interval.first;
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
    const Datum& last = element.second.last;
    const bool ends = spec.interval ? last.size() == element.first.size() && last >= element.first
                                    : last.size() == 0;
    if (!fits || !ends || element.first.size() != sizeOf(spec.key)) {
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

  Ruleset& rules_;
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
  return changesJumps(ruleset, transaction) ? checkJumps(ruleset) : 0;
}

}  // namespace hitless::nft
