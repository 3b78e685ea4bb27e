#include "core/nft/dataplane.h"

#include <fmt/format.h>

namespace hitless::nft {

std::string operationSubject(const Transaction& transaction, std::size_t index) {
  return index < transaction.operations.size()
             ? fmt::format("operation {} ({})", index, describe(transaction.operations[index]))
             : fmt::format("operation {}", index);
}

}  // namespace hitless::nft
