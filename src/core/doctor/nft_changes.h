#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kNftChanges: who changed nf_tables' rules while we looked.
namespace hitless::doctor {

struct NftWriter {
  std::uint32_t pid = 0;  ///< In the machine's first pid namespace; 0 if the kernel did not say.
  std::string process;    ///< comm
  std::uint64_t transactions = 0;
  std::uint64_t rulesAdded = 0;
  std::uint64_t rulesDeleted = 0;
  bool operator==(const NftWriter&) const = default;
};

/// Rules added to and deleted from one chain, whoever did it.
struct NftChainChange {
  std::string family;  ///< As in NftChain.
  std::string table;
  std::string chain;
  std::uint64_t rulesAdded = 0;
  std::uint64_t rulesDeleted = 0;
  std::string process;  ///< Of the first transaction that touched it.
  std::uint32_t pid = 0;
  bool operator==(const NftChainChange&) const = default;
};

struct NftChanges {
  /// Each committed transaction counts one up.
  std::uint32_t firstGeneration = 0;
  std::uint32_t lastGeneration = 0;
  bool lost = false;  ///< There were more notifications than could be kept: the rest is a part.
  std::vector<NftWriter> writers;
  std::vector<NftChainChange> chains;  ///< At most 1000.
  bool operator==(const NftChanges&) const = default;
};

std::string renderNftChanges(const NftChanges& changes);
Result<NftChanges> parseNftChanges(std::string_view json);

}  // namespace hitless::doctor
