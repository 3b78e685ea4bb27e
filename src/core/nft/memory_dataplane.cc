#include "core/nft/memory_dataplane.h"

#include <optional>
#include <type_traits>

#include "core/nft/apply.h"

namespace hitless::nft {
namespace {

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
