#pragma once

#include <map>
#include <set>

#include "core/doctor/repairer.h"
#include "core/xtables/change.h"
#include "sys/doctor/xtables_lock.h"
#include "sys/doctor/xtables_socket.h"

namespace hitless::sys {

struct LegacyOptions {
  std::string lockFile = kXtablesLockFile;
  /// For the lock; on a node with a million rules each `iptables -C` holds it for seconds.
  nanoseconds lockWait = std::chrono::seconds(60);
};

/// Changes tables of the legacy back-end: DedupeChain, DeleteChains and InsertRule. A table is
/// read, changed and replaced under the xtables lock, in one step for packets: each sees the old
/// table or the new one. Counters are carried over.
class LegacyRepairer : public doctor::Repairer {
 public:
  explicit LegacyRepairer(LegacyOptions options = {}) : options_(std::move(options)) {}

  std::string name() const override { return "legacy"; }
  bool canDo(const doctor::Action& action) const override;
  /// Reads the whole table, without the lock.
  Result<std::vector<std::string>> plan(const doctor::Action& action) override;
  Status apply(std::span<const doctor::Action> actions, doctor::UndoLog& log) override;
  Status verify(std::span<const doctor::Action> actions) override;
  Status undo(const doctor::UndoEntry& entry) override;

 private:
  struct Read;
  static Result<Read> read(IpFamily family, const std::string& table);
  Status commit(const Read& read) const;
  Status attempt(std::span<const doctor::Action> actions, doctor::UndoLog& log);
  Status attemptUndo(const doctor::UndoEntry& entry);
  Status verifyDedupe(Read& read, const doctor::DedupeChain& action) const;
  void remember(const Read& read, std::span<const doctor::Action> actions);

  LegacyOptions options_;
  /// The rules that the last apply() left, by chain.
  std::map<std::string, std::set<std::string>> kept_;
};

}  // namespace hitless::sys
