#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "core/doctor/check.h"
#include "core/doctor/repairer.h"
#include "sys/doctor/collector.h"
#include "sys/doctor/repairers.h"
#include "testing/result.h"

/// One check at work in the network namespace of the test.
namespace hitless::testing {

/// What a check sees when `between` happens between its two samples.
template <class Between>
doctor::Evidence observe(const doctor::Check& check, Between between) {
  std::vector<doctor::Want> once(check.wants.begin(), check.wants.end());
  for (doctor::Want& want : once) {
    want.twice = false;
  }
  doctor::Evidence evidence = sys::collect(once);
  between();
  doctor::Evidence after = sys::collect(once);
  evidence.samples.push_back(std::move(after.samples.front()));
  evidence.samples.back().at = std::chrono::seconds(1);
  return evidence;
}

inline std::vector<doctor::Finding> look(const doctor::Check& check) {
  return check.run(observe(check, [] {}));
}

/// Repairs what findings offer, and takes it back.
class Healer : public doctor::UndoLog {
 public:
  Status record(const doctor::UndoEntry& entry) override {
    entries_.push_back(entry);
    return {};
  }

  void repair(const std::vector<doctor::Finding>& findings) {
    for (const doctor::Finding& finding : findings) {
      for (const doctor::Action& action : finding.repair) {
        doctor::Repairer* repairer = whoCanDo(action);
        ASSERT_NE(repairer, nullptr) << doctor::describe(action);
        ASSERT_OK(repairer->plan(action));
        ASSERT_OK(repairer->apply({&action, 1}, *this));
        ASSERT_OK(repairer->verify({&action, 1}));
      }
    }
    ASSERT_FALSE(entries_.empty());
  }

  void undo() {
    for (; !entries_.empty(); entries_.pop_back()) {
      for (doctor::Repairer* repairer : all_.all()) {
        if (repairer->name() == entries_.back().repairer) {
          ASSERT_OK(repairer->undo(entries_.back()));
        }
      }
    }
  }

 private:
  doctor::Repairer* whoCanDo(const doctor::Action& action) {
    for (doctor::Repairer* repairer : all_.all()) {
      if (repairer->canDo(action)) {
        return repairer;
      }
    }
    return nullptr;
  }

  sys::Repairers all_;
  std::vector<doctor::UndoEntry> entries_;
};

}  // namespace hitless::testing
