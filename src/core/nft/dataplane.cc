#include "core/nft/dataplane.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace hitless::nft {
namespace {

/// Moves the deletion of sets and chains, which come last, out.
Transaction splitRemovals(Transaction& transaction) {
  const auto removes = [](const Operation& operation) {
    return std::holds_alternative<DeleteSet>(operation) ||
           std::holds_alternative<DeleteChain>(operation);
  };
  auto& all = transaction.operations;
  const auto first = std::find_if(all.begin(), all.end(), removes);
  Transaction removals{transaction.table,
                       {std::make_move_iterator(first), std::make_move_iterator(all.end())}};
  all.erase(first, all.end());
  return removals;
}

}  // namespace

Result<Receipt> applyInTwo(Dataplane& dataplane, Transaction transaction) {
  const Transaction removals = splitRemovals(transaction);
  Receipt sum;
  for (const Transaction* part : {&std::as_const(transaction), &removals}) {
    if (part->empty()) {
      continue;
    }
    const Receipt done = TRY(dataplane.apply(*part));
    sum.operations += done.operations;
    sum.elements += done.elements;
    sum.batches += done.batches;
    sum.bytes += done.bytes;
  }
  return sum;
}

std::string operationSubject(const Transaction& transaction, std::size_t index) {
  return index < transaction.operations.size()
             ? fmt::format("operation {} ({})", index, describe(transaction.operations[index]))
             : fmt::format("operation {}", index);
}

}  // namespace hitless::nft
