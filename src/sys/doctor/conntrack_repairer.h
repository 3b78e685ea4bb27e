#pragma once

#include "core/conntrack/flow_table.h"
#include "core/doctor/repairer.h"

namespace hitless::sys {

/// Deletes entries of the connection table, one request each: the kernel has no transaction for
/// them, and needs none, as no entry depends on another.
class ConntrackRepairer : public doctor::Repairer {
 public:
  /// `table` must live as long as this.
  explicit ConntrackRepairer(conntrack::FlowTable& table) : table_(table) {}

  std::string name() const override { return "conntrack"; }
  bool canDo(const doctor::Action& action) const override;
  Result<std::vector<std::string>> plan(const doctor::Action& action) override;
  Status apply(std::span<const doctor::Action> actions, doctor::UndoLog& log) override;
  /// That no entry that was deleted is there as it was.
  Status verify(std::span<const doctor::Action> actions) override;
  /// kUnsupported: nothing has to be brought back, the next packet of a flow makes its entry anew.
  Status undo(const doctor::UndoEntry& entry) override;

 private:
  conntrack::FlowTable& table_;
  std::vector<conntrack::Flow> deleted_;
};

}  // namespace hitless::sys
