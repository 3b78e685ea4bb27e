#include "core/doctor/gauges.h"

#include <fmt/format.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/legacy_tables.h"
#include "core/doctor/nft_chains.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kFlowCount = "proc/sys/net/netfilter/nf_conntrack_count";
constexpr std::string_view kFlowLimit = "proc/sys/net/netfilter/nf_conntrack_max";

constexpr Want kWants[] = {{names::kNftChains}, {names::kLegacyTables}, {kFlowCount}, {kFlowLimit}};

/// A packet that is compared with this many rules needs about 10 ms (175 ns each).
constexpr std::uint64_t kTenMilliseconds = 57'000;

void addChains(const Evidence& evidence, std::vector<Gauge>& out) {
  const std::string* text = evidence.find(names::kNftChains);
  const Result<std::vector<NftChain>> chains =
      text == nullptr ? Result<std::vector<NftChain>>() : parseNftChains(*text);
  if (!chains) {
    return;
  }
  for (const NftChain& chain : *chains) {
    out.push_back(
        {fmt::format("{} {} {}: rules and references", chain.family, chain.table, chain.name),
         chain.use, kTenMilliseconds, "each packet that passes all takes 10 ms"});
  }
}

/// As many entries of their size now as the kernel takes.
void addLegacyTables(const Evidence& evidence, std::vector<Gauge>& out) {
  const std::string* text = evidence.find(names::kLegacyTables);
  const auto tables =
      text == nullptr ? Result<std::vector<LegacyTable>>() : parseLegacyTables(*text);
  if (!tables) {
    return;
  }
  for (const LegacyTable& table : *tables) {
    const std::uint64_t most =
        table.bytes == 0 ? 0 : kLegacyMostBytes * table.entries / table.bytes;
    out.push_back({fmt::format("{} {} (legacy): entries", table.family, table.name), table.entries,
                   most, "the table is full and every insert fails"});
  }
}

}  // namespace

std::span<const Want> gaugeWants() {
  return kWants;
}

std::vector<Gauge> gauges(const Evidence& evidence) {
  std::vector<Gauge> out;
  addChains(evidence, out);
  addLegacyTables(evidence, out);
  if (const auto count = evidence.number(kFlowCount)) {
    out.push_back({"connection table: entries", static_cast<std::uint64_t>(*count),
                   static_cast<std::uint64_t>(evidence.number(kFlowLimit).value_or(0)),
                   "new connections are dropped"});
  }
  return out;
}

}  // namespace hitless::doctor
