#include <fmt/format.h>

#include <functional>
#include <set>

#include "core/doctor/nft/dedupe_undo.h"
#include "core/nft/foreign/dedupe_plan.h"
#include "sys/doctor/nft_dedupe.h"
#include "sys/doctor/nft_reader.h"

namespace hitless::sys {
namespace {

constexpr int kAttempts = 100;
/// Rules that others put at the head of a chain between repair and undo.
constexpr std::size_t kSlack = 1000;
/// Repetitions that a writer may have added since, which is no failure of the repair.
constexpr std::size_t kNewRepetitions = 1000;
constexpr std::size_t kMostRules = 70'000;

}  // namespace

Status verifyDeduped(NetlinkSocket& socket, const nft::ChainPlace& place,
                     const DedupeOutcome& outcome) {
  RuleHead head = TRY(readRuleHead(place, kMostRules));
  // What is read beside a commit can lack rules that are there.
  for (int attempt = 1; head.interrupted && attempt < kAttempts; ++attempt) {
    head = TRY(readRuleHead(place, kMostRules));
  }
  const auto chains = TRY(readNftChains(socket, place.family));
  std::set<std::string, std::less<>> names;
  for (const nft::ForeignChain& chain : chains) {
    if (chain.chain.table == place.table) {
      names.insert(chain.chain.name);
    }
  }
  const nft::DedupePlan plan =
      nft::planDedupe(head.rules, [&](std::string_view chain) { return names.contains(chain); });
  if (!head.whole || plan.goneCount > kNewRepetitions) {
    return fail(
        ErrorKind::kConflict,
        fmt::format("{} {} has {} repetitions again", place.table, place.chain, plan.goneCount),
        "stop who writes them first");
  }
  std::set<std::string> there;
  for (const nft::RawRule& rule : plan.distinct) {
    there.insert(nft::contentOf(rule));
  }
  for (const auto& [content, rule] : outcome.kept) {
    if (!there.contains(content)) {
      return fail(ErrorKind::kConflict, fmt::format("a rule of {} {} is gone that was there before",
                                                    place.table, place.chain));
    }
  }
  return {};
}

Status undoDedupe(NftCommitter& committer, const boost::json::object& before) {
  const nft::DedupeUndo undo = TRY(nft::parseDedupeUndo(before));
  std::size_t window = undo.kept.size() + kSlack;
  for (const nft::GoneRun& run : undo.gone) {
    window += run.rules.size();
  }
  for (int attempt = 1;; ++attempt) {
    const nft::Generation generation = TRY(readNftGeneration(committer.socket()));
    const RuleHead head = TRY(readRuleHead(undo.place, window));
    nft::ForeignBatch batch = committer.begin(generation.id);
    TRY_VOID(nft::restore(undo, head.rules, batch));
    const Status committed = committer.commit(batch, "put repetitions back");
    if (committed || !overtaken(committed.error()) || attempt == kAttempts) {
      return committed;
    }
  }
}

}  // namespace hitless::sys
