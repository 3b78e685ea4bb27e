#include "core/nft/transaction.h"

#include <fmt/format.h>

namespace hitless::nft {
namespace {

struct ElementCount {
  std::size_t operator()(const AddElements& op) const { return op.elements.size(); }
  std::size_t operator()(const ReplaceElements& op) const { return op.elements.size(); }
  std::size_t operator()(const DeleteElements& op) const { return op.keys.size(); }
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 0;
  }
};

std::string count(std::size_t number) {
  return number == 1 ? "1 element" : fmt::format("{} elements", number);
}

struct Describe {
  std::string operator()(const AddTable& op) const { return "add table " + op.table.name; }
  std::string operator()(const DeleteTable&) const { return "delete table"; }
  std::string operator()(const AddChain& op) const { return "add chain " + op.chain.name; }
  std::string operator()(const DeleteChain& op) const { return "delete chain " + op.chain; }
  std::string operator()(const FlushChain& op) const { return "flush chain " + op.chain; }
  std::string operator()(const AddRule& op) const { return "add rule to chain " + op.chain; }
  std::string operator()(const AddSet& op) const { return "add set " + op.set.name; }
  std::string operator()(const DeleteSet& op) const { return "delete set " + op.set; }
  std::string operator()(const AddElements& op) const {
    return fmt::format("add {} to {}", count(op.elements.size()), op.set);
  }
  std::string operator()(const ReplaceElements& op) const {
    return fmt::format("replace {} of {}", count(op.elements.size()), op.set);
  }
  std::string operator()(const DeleteElements& op) const {
    return fmt::format("delete {} of {}", count(op.keys.size()), op.set);
  }
};

}  // namespace

std::size_t Transaction::elementCount() const {
  std::size_t total = 0;
  for (const Operation& operation : operations) {
    total += std::visit(ElementCount{}, operation);
  }
  return total;
}

std::string describe(const Operation& operation) {
  return std::visit(Describe{}, operation);
}

}  // namespace hitless::nft
