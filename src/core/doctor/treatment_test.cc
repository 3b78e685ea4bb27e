#include "core/doctor/treatment.h"

#include <gmock/gmock.h>

namespace hitless::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Sysctls in memory.
class FakeSysctls : public Repairer {
 public:
  std::string name() const override { return "sysctl"; }
  bool canDo(const Action& action) const override {
    return std::holds_alternative<WriteSysctl>(action);
  }
  Result<std::vector<std::string>> plan(const Action& action) override {
    const auto& write = std::get<WriteSysctl>(action);
    if (!values.contains(write.name)) {
      return fail(ErrorKind::kNotFound, "there is no " + write.name);
    }
    return std::vector{values[write.name] + " becomes " + write.value};
  }
  Status apply(std::span<const Action> actions, UndoLog& log) override {
    for (const Action& action : actions) {
      const auto& write = std::get<WriteSysctl>(action);
      TRY_VOID(log.record({"sysctl", {{"name", write.name}, {"value", values[write.name]}}}));
      values[write.name] = forgets ? "0" : write.value;
    }
    return {};
  }
  Status verify(std::span<const Action> actions) override {
    for (const Action& action : actions) {
      const auto& write = std::get<WriteSysctl>(action);
      if (values[write.name] != write.value) {
        return fail(ErrorKind::kConflict, write.name + " is not " + write.value);
      }
    }
    return {};
  }
  Status undo(const UndoEntry& entry) override {
    if (refusesUndo) {
      return fail(ErrorKind::kPermission, "not permitted");
    }
    values[std::string(entry.before.at("name").as_string())] = entry.before.at("value").as_string();
    return {};
  }

  std::map<std::string, std::string> values = {{"a", "1"}, {"b", "1"}};
  bool forgets = false;  ///< Somebody else resets what is written.
  bool refusesUndo = false;
};

struct Log : UndoLog {
  Status record(const UndoEntry& entry) override {
    if (full) {
      return fail(ErrorKind::kUnavailable, "no space left on device");
    }
    entries.push_back(entry);
    return {};
  }
  std::vector<UndoEntry> entries;
  bool full = false;
};

Finding finding(std::string check, std::vector<Action> repair) {
  Finding result;
  result.check = std::move(check);
  result.subject = "node";
  result.repair = std::move(repair);
  return result;
}

class Treatment : public ::testing::Test {
 protected:
  TreatmentPlan plan(const std::vector<Finding>& findings) {
    return planTreatment(findings, repairers_);
  }
  FakeSysctls sysctls_;
  Repairer* repairers_[1] = {&sysctls_};
  Log log_;
};

TEST_F(Treatment, GathersWhatIsDoneAtOnePlace) {
  const TreatmentPlan made = plan({finding("one", {WriteSysctl{"a", "2"}}),
                                   finding("two", {WriteSysctl{"b", "3"}, WriteSysctl{"a", "2"}})});
  ASSERT_EQ(made.steps.size(), 1U);
  EXPECT_EQ(made.steps[0].place, "sysctls");
  EXPECT_THAT(made.steps[0].checks, ElementsAre("one", "two"));
  EXPECT_THAT(made.steps[0].lines,
              ElementsAre("set a to 2", "  1 becomes 2", "set b to 3", "  1 becomes 3"));
  EXPECT_THAT(made.untreated, IsEmpty());
  EXPECT_EQ(sysctls_.values["a"], "1") << "a plan changes nothing";
}

TEST_F(Treatment, SaysWhatItLeavesAndWhy) {
  const TreatmentPlan made = plan({finding("none", {}), finding("missing", {WriteSysctl{"c", "1"}}),
                                   finding("foreign", {DestroyIpSets{{"x"}}})});
  EXPECT_THAT(made.steps, IsEmpty());
  ASSERT_EQ(made.untreated.size(), 3U);
  EXPECT_EQ(made.untreated[1].reason, "there is no c");
  EXPECT_EQ(made.untreated[2].reason, "nothing here can destroy IP sets x");
}

TEST_F(Treatment, RecordsBeforeItActsAndUndoesInReverse) {
  const TreatmentPlan made = plan({finding("one", {WriteSysctl{"a", "2"}, WriteSysctl{"a", "3"}})});
  sysctls_.values["a"] = "1";
  EXPECT_EQ(sysctls_.apply(made.steps[0].actions, log_).has_value(), true);
  EXPECT_EQ(sysctls_.values["a"], "3");
  EXPECT_THAT(undo(log_.entries, repairers_), IsEmpty());
  EXPECT_EQ(sysctls_.values["a"], "1");
}

TEST_F(Treatment, TakesBackWhatDoesNotHold) {
  const TreatmentPlan made = plan({finding("one", {WriteSysctl{"a", "2"}})});
  sysctls_.forgets = true;
  const StepOutcome outcome = carryOut(made.steps[0], log_);
  EXPECT_EQ(outcome.kind, StepOutcome::Kind::kRolledBack);
  EXPECT_EQ(outcome.reason, "a is not 2");
  EXPECT_EQ(sysctls_.values["a"], "1");
}

TEST_F(Treatment, SaysWhenItCannotTakeBack) {
  const TreatmentPlan made = plan({finding("one", {WriteSysctl{"a", "2"}})});
  sysctls_.forgets = sysctls_.refusesUndo = true;
  const StepOutcome outcome = carryOut(made.steps[0], log_);
  EXPECT_EQ(outcome.kind, StepOutcome::Kind::kStuck);
  EXPECT_THAT(outcome.reason, HasSubstr("taking it back: not permitted"));
}

TEST_F(Treatment, DoesNothingThatItCannotRecord) {
  const TreatmentPlan made = plan({finding("one", {WriteSysctl{"a", "2"}})});
  log_.full = true;
  const StepOutcome outcome = carryOut(made.steps[0], log_);
  EXPECT_EQ(outcome.kind, StepOutcome::Kind::kFailed);
  EXPECT_EQ(sysctls_.values["a"], "1");
}

TEST_F(Treatment, NamesEntriesThatNobodyUndoes) {
  const UndoEntry foreign{"other", {}};
  EXPECT_THAT(undo(std::span(&foreign, 1), repairers_),
              ElementsAre("nothing here undoes what \"other\" did"));
}

}  // namespace
}  // namespace hitless::doctor
