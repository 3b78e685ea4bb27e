#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/doctor/finding.h"
#include "core/doctor/repairer.h"

/// Repairs findings: plans, carries out place by place, verifies, and takes back what did not hold.
namespace hitless::doctor {

/// The place that an action changes; all actions on one place are one transaction: "ip filter
/// (nft)".
std::string placeOf(const Action& action);

/// What will be done at one place.
struct TreatmentStep {
  std::string place;
  std::vector<std::string> checks;  ///< The ids of the findings that ask for it.
  std::vector<Action> actions;      ///< Each once.
  Repairer* repairer = nullptr;
  std::vector<std::string> lines;  ///< What it changes, with numbers, for who decides.
};

/// A finding, or a part of what would repair it, that is left as it is.
struct Untreated {
  std::string check;
  std::string subject;
  std::string reason;
};

struct TreatmentPlan {
  std::vector<TreatmentStep> steps;  ///< In the order of the findings.
  std::vector<Untreated> untreated;
};

/// Reads what is there now; changes nothing. An action that cannot be done, or must not, is left
/// out with the reason.
TreatmentPlan planTreatment(std::span<const Finding> findings,
                            std::span<Repairer* const> repairers);

struct StepOutcome {
  enum class Kind {
    kDone,
    kFailed,      ///< Nothing was changed.
    kRolledBack,  ///< It did not hold; what was there before is back.
    kStuck,       ///< It did not hold, and could not be taken back wholly.
  };
  Kind kind = Kind::kDone;
  std::string reason;  ///< Of all but kDone.
};
std::string_view name(StepOutcome::Kind kind);

/// Carries out one step. What it records goes to `log` too, before it is done.
StepOutcome carryOut(const TreatmentStep& step, UndoLog& log);

/// Undoes entries, the last first. Goes on behind a failure; gives all reasons, empty if it went
/// well.
std::vector<std::string> undo(std::span<const UndoEntry> entries,
                              std::span<Repairer* const> repairers);

}  // namespace hitless::doctor
