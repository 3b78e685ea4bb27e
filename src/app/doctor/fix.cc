#include "app/doctor/fix.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>

#include "app/doctor/examination.h"
#include "base/text.h"
#include "core/doctor/report.h"
#include "core/doctor/treatment.h"
#include "sys/doctor/repairers.h"
#include "sys/doctor/undo_file.h"

namespace hitless::app {
namespace {

using doctor::StepOutcome;
using doctor::TreatmentPlan;

std::string newUndoName() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("hitless-undo-{:%Y%m%dT%H%M%SZ}.jsonl", fmt::gmtime(now));
}

/// The answer of who sits there. Nobody there to ask is a no.
Result<bool> mayGoOn(const DoctorOptions& options) {
  if (options.yes) {
    return true;
  }
  if (::isatty(STDIN_FILENO) == 0) {
    return fail(ErrorKind::kInvalid, "nobody is here to ask, so nothing was changed",
                "--yes repairs without asking");
  }
  fmt::print("Do this? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return toLower(trim(answer)) == "y" || toLower(trim(answer)) == "yes";
}

/// Gives how many steps were not done.
int carryOutAll(const TreatmentPlan& plan, sys::UndoFile& undo) {
  int failures = 0;
  for (const doctor::TreatmentStep& step : plan.steps) {
    const auto begin = std::chrono::steady_clock::now();
    const StepOutcome outcome = doctor::carryOut(step, undo);
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fmt::print("{}: {} in {:.3f} s{}{}\n", step.place, name(outcome.kind), took,
               outcome.reason.empty() ? "" : ": ", outcome.reason);
    failures += outcome.kind == StepOutcome::Kind::kDone ? 0 : 1;
  }
  return failures;
}

std::vector<doctor::Finding> chosenFindings(const Examined& examined,
                                            const std::vector<std::string>& only) {
  std::vector<doctor::Finding> chosen;
  for (const doctor::Finding& finding : examined.examination.findings) {
    if (only.empty() || std::find(only.begin(), only.end(), finding.check) != only.end()) {
      chosen.push_back(finding);
    }
  }
  return chosen;
}

}  // namespace

Result<int> fixNode(const DoctorOptions& options) {
  DoctorOptions narrowed = options;
  narrowed.only.insert(narrowed.only.end(), options.fixOnly.begin(), options.fixOnly.end());
  const Examined examined = TRY(examineNode(narrowed));
  const std::vector<doctor::Finding> findings = chosenFindings(examined, options.fixOnly);
  for (const doctor::Finding& finding : findings) {
    fmt::print("{}\n", doctor::line(finding));
  }
  sys::Repairers repairers;
  const TreatmentPlan plan = doctor::planTreatment(findings, repairers.all());
  fmt::print("{}", doctor::renderPlan(plan));
  if (plan.steps.empty()) {
    fmt::print("there is nothing to repair\n");
    return 0;
  }
  if (!TRY(mayGoOn(options))) {
    fmt::print("nothing was changed\n");
    return 1;
  }
  sys::UndoFile undo(options.undoFile.empty() ? newUndoName() : options.undoFile);
  const int failures = carryOutAll(plan, undo);
  if (undo.made()) {
    fmt::print("hitless doctor --undo {} brings back what was there\n", undo.path());
  }
  fmt::print("\n");
  printReport(TRY(examineNode(narrowed)), false);
  return failures == 0 ? 0 : 1;
}

Status undoFrom(const std::string& file) {
  const std::vector<doctor::UndoEntry> entries = TRY(sys::readUndoFile(file));
  sys::Repairers repairers;
  const std::vector<std::string> failures = doctor::undo(entries, repairers.all());
  if (!failures.empty()) {
    return fail(ErrorKind::kConflict,
                fmt::format("{} of {} changes could not be taken back: {}", failures.size(),
                            entries.size(), join(failures, "; ")));
  }
  fmt::print("{} changes were taken back\n", entries.size());
  return {};
}

}  // namespace hitless::app
