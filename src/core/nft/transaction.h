#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "core/nft/ruleset.h"

namespace hitless::nft {

struct AddTable {
  TableSpec table;
  bool operator==(const AddTable&) const = default;
};
/// With everything in it.
struct DeleteTable {
  bool operator==(const DeleteTable&) const = default;
};
struct AddChain {
  ChainSpec chain;
  bool operator==(const AddChain&) const = default;
};
/// With its rules.
struct DeleteChain {
  std::string chain;
  bool operator==(const DeleteChain&) const = default;
};
struct FlushChain {
  std::string chain;
  bool operator==(const FlushChain&) const = default;
};
/// Behind the chain's last rule.
struct AddRule {
  std::string chain;
  Rule rule;
  bool operator==(const AddRule&) const = default;
};
struct AddSet {
  SetSpec set;
  bool operator==(const AddSet&) const = default;
};
struct DeleteSet {
  std::string set;
  bool operator==(const DeleteSet&) const = default;
};
struct AddElements {
  std::string set;
  std::vector<Element> elements;
  std::size_t padding = 0;  ///< Of the set's keys: paddingOf().
  bool operator==(const AddElements&) const = default;
};
/// New values for keys, or intervals, that exist; a packet sees the old or the new value, never
/// none.
struct ReplaceElements {
  std::string set;
  std::vector<Element> elements;
  std::size_t padding = 0;  ///< As of AddElements.
  bool operator==(const ReplaceElements&) const = default;
};
struct DeleteElements {
  std::string set;
  std::vector<Datum> keys;
  std::vector<Datum> lasts = {};  ///< Of an interval set: where the intervals end. Else empty.
  std::size_t padding = 0;        ///< As of AddElements.
  bool operator==(const DeleteElements&) const = default;
};

using Operation = std::variant<AddTable, DeleteTable, AddChain, DeleteChain, FlushChain, AddRule,
                               AddSet, DeleteSet, AddElements, ReplaceElements, DeleteElements>;

/// Changes of one table, in order. All of them happen or none, except that one which is too large
/// for the socket is applied in parts cut between operations or elements; the order of operations
/// makes every part leave a working ruleset.
struct Transaction {
  std::string table;
  std::vector<Operation> operations;

  bool empty() const { return operations.empty(); }
  /// How many elements are written or deleted.
  std::size_t elementCount() const;
  bool operator==(const Transaction&) const = default;
};

/// "add 3 elements to service-slots-v4": what an operation does, for errors and dry runs.
std::string describe(const Operation& operation);

}  // namespace hitless::nft
