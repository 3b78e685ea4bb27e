#pragma once

#include "core/doctor/repairer.h"

namespace hitless::sys {

/// Destroys IP sets that nothing uses. The kernel itself refuses one that a rule uses. They are
/// those of the network namespace that the thread is in at each call.
class IpSetRepairer : public doctor::Repairer {
 public:
  std::string name() const override { return "ipset"; }
  bool canDo(const doctor::Action& action) const override;
  Result<std::vector<std::string>> plan(const doctor::Action& action) override;
  Status apply(std::span<const doctor::Action> actions, doctor::UndoLog& log) override;
  Status verify(std::span<const doctor::Action> actions) override;
  /// Makes the set again, with the members that it had.
  Status undo(const doctor::UndoEntry& entry) override;
};

}  // namespace hitless::sys
