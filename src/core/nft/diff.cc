#include "core/nft/diff.h"

#include <algorithm>

namespace hitless::nft {
namespace {

/// The element changes of one set.
struct ElementChanges {
  std::vector<Element> added;
  std::vector<Element> replaced;
  std::vector<Datum> deleted;
  std::vector<Datum> lasts;  ///< Of the deleted, in an interval set.

  void deleteOld(const Element& element) {
    deleted.push_back(element.first);
    if (element.second.last.size() != 0) {
      lasts.push_back(element.second.last);
    }
  }
};

ElementChanges compare(const Elements& applied, const Elements& wanted) {
  ElementChanges changes;
  auto old = applied.begin();
  for (const Element& element : wanted) {
    for (; old != applied.end() && old->first < element.first; ++old) {
      changes.deleteOld(*old);
    }
    if (old == applied.end() || element.first < old->first) {
      changes.added.push_back(element);
      continue;
    }
    if (old->second.last != element.second.last) {
      changes.deleteOld(*old);
      changes.added.push_back(element);
    } else if (!(old->second == element.second)) {
      changes.replaced.push_back(element);
    }
    ++old;
  }
  for (; old != applied.end(); ++old) {
    changes.deleteOld(*old);
  }
  return changes;
}

/// A kernel object cannot change its definition: it must be deleted and made again.
bool needsReplacement(const Ruleset& applied, const Ruleset& wanted) {
  if (applied.table != wanted.table) {
    return true;
  }
  const auto chainChanged = [&](const auto& entry) {
    const auto it = wanted.chains.find(entry.first);
    return it != wanted.chains.end() && it->second.spec != entry.second.spec;
  };
  const auto setChanged = [&](const auto& entry) {
    const auto it = wanted.sets.find(entry.first);
    return it != wanted.sets.end() && it->second.spec != entry.second.spec;
  };
  return std::any_of(applied.chains.begin(), applied.chains.end(), chainChanged) ||
         std::any_of(applied.sets.begin(), applied.sets.end(), setChanged);
}

/// Emits the operations in an order in which every reference exists when it is used and every
/// prefix leaves a working ruleset: new sets and chains, rules, elements, and then what is left
/// over.
class Differ {
 public:
  Differ(const Ruleset& applied, const Ruleset& wanted) : applied_(applied), wanted_(wanted) {}

  void run(std::vector<Operation>& out) {
    addMissingSets(out);
    addMissingChains(out);
    rewriteChains(out);
    changeElements(out);
    deleteLeftOvers(out);
  }

 private:
  void addMissingSets(std::vector<Operation>& out) const {
    for (const auto& [name, set] : wanted_.sets) {
      if (!applied_.sets.contains(name)) {
        out.emplace_back(AddSet{set.spec});
      }
    }
  }

  void addMissingChains(std::vector<Operation>& out) const {
    for (const auto& [name, chain] : wanted_.chains) {
      if (!applied_.chains.contains(name)) {
        out.emplace_back(AddChain{chain.spec});
      }
    }
  }

  /// Empties every chain that changes before filling any, so that old and new jumps never form a
  /// loop.
  void rewriteChains(std::vector<Operation>& out) const {
    for (const auto& [name, chain] : applied_.chains) {
      const auto next = wanted_.chains.find(name);
      if (!chain.rules.empty() &&
          (next == wanted_.chains.end() || next->second.rules != chain.rules)) {
        out.emplace_back(FlushChain{name});
      }
    }
    for (const auto& [name, chain] : wanted_.chains) {
      const auto old = applied_.chains.find(name);
      if (old != applied_.chains.end() && old->second.rules == chain.rules) {
        continue;
      }
      for (const Rule& rule : chain.rules) {
        out.emplace_back(AddRule{name, rule});
      }
    }
  }

  void changeElements(std::vector<Operation>& out) const {
    const Elements none;
    std::vector<Operation> deletions;
    for (const auto& [name, set] : wanted_.sets) {
      if (set.spec.dynamic) {
        continue;
      }
      const auto old = applied_.sets.find(name);
      ElementChanges changes =
          compare(old == applied_.sets.end() ? none : old->second.elements, set.elements);
      const std::size_t padding = paddingOf(set.spec.key);
      // New intervals may lie where old ones were.
      auto& deletionsOfSet = set.spec.interval ? out : deletions;
      if (!changes.deleted.empty()) {
        deletionsOfSet.emplace_back(
            DeleteElements{name, std::move(changes.deleted), std::move(changes.lasts), padding});
      }
      if (!changes.added.empty()) {
        out.emplace_back(AddElements{name, std::move(changes.added), padding});
      }
      if (!changes.replaced.empty()) {
        out.emplace_back(ReplaceElements{name, std::move(changes.replaced), padding});
      }
    }
    std::move(deletions.begin(), deletions.end(), std::back_inserter(out));
  }

  void deleteLeftOvers(std::vector<Operation>& out) const {
    // Sets first: the elements of a verdict map hold on to chains.
    for (const auto& [name, set] : applied_.sets) {
      if (!wanted_.sets.contains(name)) {
        out.emplace_back(DeleteSet{name});
      }
    }
    for (const auto& [name, chain] : applied_.chains) {
      if (!wanted_.chains.contains(name)) {
        out.emplace_back(DeleteChain{name});
      }
    }
  }

  const Ruleset& applied_;
  const Ruleset& wanted_;
};

}  // namespace

Transaction diff(const Ruleset& applied, const Ruleset& wanted) {
  Transaction transaction;
  transaction.table = wanted.table    ? wanted.table->name
                      : applied.table ? applied.table->name
                                      : std::string{};
  const bool replace = needsReplacement(applied, wanted);
  if (replace && applied.table) {
    transaction.operations.emplace_back(DeleteTable{});
  }
  if (!wanted.table) {
    return transaction;
  }
  if (replace) {
    transaction.operations.emplace_back(AddTable{*wanted.table});
  }
  const Ruleset nothing;
  Differ(replace ? nothing : applied, wanted).run(transaction.operations);
  return transaction;
}

}  // namespace hitless::nft
