#include "core/nft/references.h"

#include <cerrno>
#include <set>

namespace hitless::nft {
namespace {

/// NFT_JUMP_STACK_SIZE: how deep jumps and gotos may nest.
constexpr int kMaxJumpDepth = 16;

/// Calls `visit(chain)` for every chain that a rule of `chain` may continue in.
template <class Visit>
void forEachTarget(const Ruleset& ruleset, const Chain& chain, Visit visit) {
  for (const Rule& rule : chain.rules) {
    for (const Expr& expr : rule.exprs) {
      if (const auto* act = std::get_if<Act>(&expr); act && targetChain(act->verdict)) {
        visit(*targetChain(act->verdict));
      }
      const auto* lookup = std::get_if<Lookup>(&expr);
      if (lookup != nullptr && lookup->result == Lookup::Result::kVerdict) {
        for (const Element& element : ruleset.sets.at(lookup->set).elements) {
          if (const std::string* target = targetChain(element.second)) {
            visit(*target);
          }
        }
      }
    }
  }
}

/// Follows the jumps of every base chain.
class JumpWalk {
 public:
  explicit JumpWalk(const Ruleset& ruleset) : ruleset_(ruleset) {}

  int check() {
    for (const auto& [name, chain] : ruleset_.chains) {
      if (chain.spec.hook) {
        if (const int err = walk(name, 1)) {
          return err;
        }
      }
    }
    return 0;
  }

 private:
  int walk(const std::string& name, int depth) {
    if (!path_.insert(name).second) {
      return ELOOP;
    }
    int err = depth > kMaxJumpDepth ? EMLINK : 0;
    forEachTarget(ruleset_, ruleset_.chains.at(name), [&](const std::string& target) {
      err = err != 0 ? err : walk(target, depth + 1);
    });
    path_.erase(name);
    return err;
  }

  const Ruleset& ruleset_;
  std::set<std::string> path_;
};

}  // namespace

const std::string* targetChain(const Verdict& verdict) {
  const bool jumps = verdict.kind == VerdictKind::kJump || verdict.kind == VerdictKind::kGoto;
  return jumps ? &verdict.chain : nullptr;
}

const std::string* targetChain(const ElementValue& value) {
  const auto* verdict = std::get_if<Verdict>(&value.target);
  return verdict == nullptr ? nullptr : targetChain(*verdict);
}

bool chainReferenced(const Ruleset& ruleset, const std::string& name) {
  for (const auto& [other, set] : ruleset.sets) {
    for (const Element& element : set.elements) {
      if (const std::string* target = targetChain(element.second); target && *target == name) {
        return true;
      }
    }
  }
  bool found = false;
  for (const auto& [other, chain] : ruleset.chains) {
    if (other != name) {
      forEachTarget(ruleset, chain,
                    [&](const std::string& target) { found = found || target == name; });
    }
  }
  return found;
}

bool setReferenced(const Ruleset& ruleset, const std::string& name) {
  for (const auto& [other, chain] : ruleset.chains) {
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

int checkJumps(const Ruleset& ruleset) {
  return JumpWalk(ruleset).check();
}

}  // namespace hitless::nft
