#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kLegacyTables.
namespace hitless::doctor {

struct LegacyTable {
  std::string family;  ///< "ip" or "ip6"
  std::string name;
  std::uint32_t entries = 0;  ///< Rules, policies, chain heads and ends.
  std::uint32_t bytes = 0;
  bool operator==(const LegacyTable&) const = default;
};

/// XT_MAX_TABLE_SIZE of net/netfilter/x_tables.c: a larger table is refused.
constexpr std::uint64_t kLegacyMostBytes = std::uint64_t{512} << 20;
/// A table with more entries is not walked for its rules: the kernel can only copy all of it, which
/// takes the time of a -C.
constexpr std::uint32_t kLegacyMostWalked = 20'000;

std::string renderLegacyTables(const std::vector<LegacyTable>& tables);
Result<std::vector<LegacyTable>> parseLegacyTables(std::string_view json);

}  // namespace hitless::doctor
