#pragma once

#include <map>
#include <string>

#include "core/nft/dataplane.h"

namespace hitless::nft {

/// A table in memory that refuses what the kernel refuses, with the kernel's errno: duplicate
/// objects and overlapping intervals (EEXIST), missing ones and missing references (ENOENT),
/// deleting what is referenced (EBUSY), keys of the wrong size and values of the wrong kind
/// (EINVAL), jumps that form a loop (ELOOP) or go too deep (EMLINK), jumps to base chains and
/// chains that route at another hook than output (EOPNOTSUPP). All or nothing, as a kernel batch.
class MemoryDataplane : public Dataplane {
 public:
  explicit MemoryDataplane(std::string table) : table_(std::move(table)) {}

  Result<Receipt> apply(const Transaction& transaction) override;
  Result<Ruleset> read() override;
  Result<Elements> readElements(const std::string& set) override;

  const Ruleset& ruleset() const { return ruleset_; }
  /// What a packet does to a dynamic map.
  void update(const std::string& map, const Element& element);
  /// What a foreign `nft flush ruleset` does.
  void flush() { ruleset_ = {}; }
  /// Refuses the next transaction with this errno at its first operation.
  void refuseNext(int err) { refusal_ = err; }

 private:
  std::string table_;
  Ruleset ruleset_;
  int refusal_ = 0;
};

}  // namespace hitless::nft
