#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/doctor/nft/place_edits.h"
#include "core/doctor/repairer.h"
#include "sys/doctor/nft_dedupe.h"

namespace hitless::sys {

/// Repairs the tables of iptables-nft in this thread's network namespace, by netlink and without
/// the xtables lock. What others commit meanwhile neither gets lost nor keeps it from ending.
class NftRepairer : public doctor::Repairer {
 public:
  std::string name() const override { return "nft"; }
  bool canDo(const doctor::Action& action) const override;
  Result<std::vector<std::string>> plan(const doctor::Action& action) override;
  /// Repetitions go in steps of some thousand rules, each a transaction that leaves a chain which
  /// decides as before. All else is one transaction.
  Status apply(std::span<const doctor::Action> actions, doctor::UndoLog& log) override;
  Status verify(std::span<const doctor::Action> actions) override;
  Status undo(const doctor::UndoEntry& entry) override;

 private:
  Result<NftCommitter*> committer();
  Status dedupe(const nft::ChainPlace& place, doctor::UndoLog& log);
  Status edit(std::span<const doctor::Action> actions, doctor::UndoLog& log);

  std::unique_ptr<NftCommitter> committer_;
  std::map<nft::ChainPlace, DedupeOutcome> outcomes_;
  std::set<std::string> undone_;  ///< Rounds: attempts at the same step are undone once.
};

}  // namespace hitless::sys
