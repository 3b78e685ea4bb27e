#include "core/doctor/treatment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::doctor {
namespace {

struct PlaceOf {
  std::string operator()(const DedupeChain& action) const { return action.place.text(); }
  std::string operator()(const DeleteChains& action) const { return action.place.text(); }
  std::string operator()(const InsertRule& action) const { return action.place.text(); }
  std::string operator()(const DestroyIpSets&) const { return "IP sets"; }
  std::string operator()(const DeleteFlows&) const { return "connection table"; }
  std::string operator()(const WriteSysctl&) const { return "sysctls"; }
};

Repairer* repairerOf(const Action& action, std::span<Repairer* const> repairers) {
  const auto found =
      std::find_if(repairers.begin(), repairers.end(),
                   [&action](Repairer* repairer) { return repairer->canDo(action); });
  return found == repairers.end() ? nullptr : *found;
}

TreatmentStep& stepAt(TreatmentPlan& plan, const std::string& place, Repairer* repairer) {
  for (TreatmentStep& step : plan.steps) {
    if (step.place == place && step.repairer == repairer) {
      return step;
    }
  }
  return plan.steps.emplace_back(TreatmentStep{place, {}, {}, repairer, {}});
}

void addAction(TreatmentPlan& plan, const Finding& finding, const Action& action,
               std::span<Repairer* const> repairers) {
  const auto leave = [&](std::string reason) {
    plan.untreated.push_back({finding.check, finding.subject, std::move(reason)});
  };
  Repairer* repairer = repairerOf(action, repairers);
  if (repairer == nullptr) {
    leave(fmt::format("nothing here can {}", describe(action)));
    return;
  }
  TreatmentStep& step = stepAt(plan, placeOf(action), repairer);
  if (std::find(step.checks.begin(), step.checks.end(), finding.check) == step.checks.end()) {
    step.checks.push_back(finding.check);
  }
  if (std::find(step.actions.begin(), step.actions.end(), action) != step.actions.end()) {
    return;
  }
  auto lines = repairer->plan(action);
  if (!lines) {
    leave(lines.error().text());
    return;
  }
  step.actions.push_back(action);
  step.lines.push_back(describe(action));
  for (const std::string& line : *lines) {
    step.lines.push_back("  " + line);
  }
}

/// Passes on, and remembers for a roll-back.
class Remembering : public UndoLog {
 public:
  explicit Remembering(UndoLog& next) : next_(next) {}
  Status record(const UndoEntry& entry) override {
    TRY_VOID(next_.record(entry));
    entries_.push_back(entry);
    return {};
  }
  const std::vector<UndoEntry>& entries() const { return entries_; }

 private:
  UndoLog& next_;
  std::vector<UndoEntry> entries_;
};

StepOutcome rollBack(const TreatmentStep& step, const Remembering& log, std::string reason) {
  if (log.entries().empty()) {
    return {StepOutcome::Kind::kFailed, std::move(reason)};
  }
  Repairer* const repairers[] = {step.repairer};
  const std::vector<std::string> failures = undo(log.entries(), repairers);
  if (failures.empty()) {
    return {StepOutcome::Kind::kRolledBack, std::move(reason)};
  }
  return {StepOutcome::Kind::kStuck,
          fmt::format("{}; taking it back: {}", reason, join(failures, "; "))};
}

}  // namespace

std::string placeOf(const Action& action) {
  return std::visit(PlaceOf(), action);
}

TreatmentPlan planTreatment(std::span<const Finding> findings,
                            std::span<Repairer* const> repairers) {
  TreatmentPlan plan;
  for (const Finding& finding : findings) {
    if (finding.repair.empty()) {
      plan.untreated.push_back(
          {finding.check, finding.subject, "no repair is safe without a person"});
    }
    for (const Action& action : finding.repair) {
      addAction(plan, finding, action, repairers);
    }
  }
  std::erase_if(plan.steps, [](const TreatmentStep& step) { return step.actions.empty(); });
  return plan;
}

std::string_view name(StepOutcome::Kind kind) {
  switch (kind) {
    case StepOutcome::Kind::kDone:
      return "done";
    case StepOutcome::Kind::kFailed:
      return "failed, nothing was changed";
    case StepOutcome::Kind::kRolledBack:
      return "taken back";
    case StepOutcome::Kind::kStuck:
      return "not wholly taken back";
  }
  return "";
}

StepOutcome carryOut(const TreatmentStep& step, UndoLog& log) {
  Remembering remembering(log);
  const Status applied = step.repairer->apply(step.actions, remembering);
  if (!applied && applied.error().kind != ErrorKind::kNotFound) {
    return rollBack(step, remembering, applied.error().text());
  }
  const Status holds = step.repairer->verify(step.actions);
  if (!holds) {
    return rollBack(step, remembering, holds.error().text());
  }
  return {};
}

std::vector<std::string> undo(std::span<const UndoEntry> entries,
                              std::span<Repairer* const> repairers) {
  std::vector<std::string> failures;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto repairer =
        std::find_if(repairers.begin(), repairers.end(),
                     [&](Repairer* candidate) { return candidate->name() == entry->repairer; });
    if (repairer == repairers.end()) {
      failures.push_back(fmt::format("nothing here undoes what \"{}\" did", entry->repairer));
      continue;
    }
    const Status undone = (*repairer)->undo(*entry);
    if (!undone && undone.error().kind != ErrorKind::kUnsupported) {
      failures.push_back(undone.error().text());
    }
  }
  return failures;
}

}  // namespace hitless::doctor
