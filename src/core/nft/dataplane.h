#pragma once

#include <cstddef>

#include "base/error.h"
#include "core/nft/transaction.h"

namespace hitless::nft {

/// What applying a transaction took.
struct Receipt {
  std::size_t operations = 0;
  std::size_t elements = 0;  ///< Written, replaced or deleted.
  std::size_t batches = 0;   ///< Kernel transactions; more than one only for very large loads.
  std::size_t bytes = 0;     ///< Sent to the kernel.
};

/// Where a table lives. The kernel (sys/netlink/nft_dataplane.h), memory, or a dry run.
class Dataplane {
 public:
  virtual ~Dataplane() = default;
  /// Applies all or nothing. The error's subject names the operation that was refused, by index and
  /// by what it does: "operation 3 (add chain pick-v4-2)".
  virtual Result<Receipt> apply(const Transaction& transaction) = 0;
  /// The table as it is now; a Ruleset without table if there is none.
  /// Elements of dynamic sets are left out.
  virtual Result<Ruleset> read() = 0;
  /// The elements of one set, also of a dynamic one; none if there is no such set.
  virtual Result<Elements> readElements(const std::string& set) = 0;
};

/// Applies a transaction, and after that its deletions of sets and chains in one of their own:
/// kernels before 6.2 refuse to delete a chain in the transaction that deletes the last verdict
/// which leads to it. Nothing leads to what is left if only the second fails.
Result<Receipt> applyInTwo(Dataplane& dataplane, Transaction transaction);

/// "operation 3 (add chain pick-v4-2)"
std::string operationSubject(const Transaction& transaction, std::size_t index);

}  // namespace hitless::nft
