#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "core/doctor/repairer.h"
#include "core/nft/foreign/dedupe_plan.h"
#include "core/nft/foreign/requests.h"
#include "sys/doctor/nft_commit.h"

namespace hitless::sys {

/// What a DedupeChain did.
struct DedupeOutcome {
  std::size_t deleted = 0;
  std::size_t transactions = 0;
  std::size_t overtaken = 0;  ///< Attempts that the kernel refused because somebody else committed,
                              ///< or because a rule was gone.
  std::map<std::string, nft::RawRule> kept;  ///< By content: what must be there afterwards.
};

/// Takes repetitions out of a chain of any length. The kernel's dump and its search for a handle
/// both walk the chain from its head, so the chain is taken from the head: its first rules are
/// read, those that repeat are deleted by handle in one transaction, until the end is reached. No
/// rule that stays is touched, nothing is flushed, and each transaction leaves a chain that decides
/// as the one before it did.
class NftDedupe {
 public:
  NftDedupe(NftCommitter& committer, nft::ChainPlace place, doctor::UndoLog& log);
  Result<DedupeOutcome> run();

 private:
  enum class Step { kMore, kDone };
  Result<Step> step();
  Status readChain();
  nft::ForeignBatch batchFor(std::uint32_t generation, const nft::DedupePlan& plan);
  Status lookFurther(std::size_t rules, bool whole, bool interrupted);
  Status record(std::uint32_t generation, std::span<const nft::RawRule> rules,
                const nft::DedupePlan& plan);
  std::size_t window() const;
  Status commit(nft::ForeignBatch& batch, std::size_t deletions);

  NftCommitter& committer_;
  nft::ChainPlace place_;
  doctor::UndoLog& log_;
  DedupeOutcome outcome_;
  std::map<std::string, bool, std::less<>> chains_;  ///< Of the table.
  std::size_t left_ = 0;                             ///< Rules that the chain has, roughly.
  std::size_t stayed_ = 0;                           ///< Rules at the head that are there to stay.
  std::size_t narrowed_ = 0;  ///< How often the window was halved for others' commits.
  std::size_t refusals_ = 0;  ///< In a row.
  std::string round_;         ///< Names the step for its undo entries.
  /// What the last undo entry of this round was about: its first rule, and how many.
  std::pair<std::uint64_t, std::size_t> recorded_;
};

/// That the chain holds each distinct rule it held, and that repetitions are gone, but for those
/// that a writer may have added since.
Status verifyDeduped(NetlinkSocket& socket, const nft::ChainPlace& place,
                     const DedupeOutcome& outcome);
/// Puts back what one of its transactions took out. kNotFound: it was never carried out.
Status undoDedupe(NftCommitter& committer, const boost::json::object& before);

}  // namespace hitless::sys
