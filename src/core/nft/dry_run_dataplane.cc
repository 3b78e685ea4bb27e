#include "core/nft/dry_run_dataplane.h"

#include "core/nft/text.h"

namespace hitless::nft {

Result<Receipt> DryRunDataplane::apply(const Transaction& transaction) {
  Ruleset context = TRY(real_.read());
  for (const Operation& operation : transaction.operations) {
    // Rules and elements are rendered with the types of sets that the transaction itself would
    // make.
    if (const auto* added = std::get_if<AddSet>(&operation)) {
      context.addSet(added->set);
    }
  }
  show_(render(transaction, context));
  return Receipt{transaction.operations.size(), transaction.elementCount(), 0, 0};
}

}  // namespace hitless::nft
