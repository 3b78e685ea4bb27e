#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/doctor/action.h"

namespace hitless::doctor {

/// What was there before one change: enough to bring it back. A line of the undo file.
struct UndoEntry {
  std::string repairer;  ///< Repairer::name()
  boost::json::object before;
};

/// Where undo entries go before what they undo is done.
class UndoLog {
 public:
  virtual ~UndoLog() = default;
  /// The entry is on the disk when this returns.
  virtual Status record(const UndoEntry& entry) = 0;
};

/// Knows how to change one kind of thing: one each for nf_tables, legacy tables, sysctls, the
/// connection table, IP sets. The real ones are in sys/doctor/.
class Repairer {
 public:
  virtual ~Repairer() = default;
  virtual std::string name() const = 0;
  virtual bool canDo(const Action& action) const = 0;
  /// What carrying it out would change, with numbers, a line each: "1,055,488 rules become 3".
  /// Changes nothing. An error says why it cannot be done, or must not.
  virtual Result<std::vector<std::string>> plan(const Action& action) = 0;
  /// Carries out actions on one place. Each transaction is recorded before it is committed, stands
  /// whole or not at all, and is made anew when somebody else's came between reading and
  /// committing. kNotFound: nothing is left to do, which is no failure.
  virtual Status apply(std::span<const Action> actions, UndoLog& log) = 0;
  /// That what was to be reached holds, and that nothing else was lost.
  virtual Status verify(std::span<const Action> actions) = 0;
  /// Brings back what an entry of this repairer holds. kUnsupported: it need not, because it comes
  /// back by itself, which is no failure.
  virtual Status undo(const UndoEntry& entry) = 0;
};

}  // namespace hitless::doctor
