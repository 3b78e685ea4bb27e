#pragma once

#include <string>
#include <vector>

#include "core/kube/json.h"
#include "core/report/rehearsal.h"

namespace hitless::report {

/// A rehearsal that is carried out several times: rare losses show in some runs only.
class Series {
 public:
  void add(const Rehearsal& rehearsal);
  /// True if there is a run and every run met its expectation.
  bool passed() const;
  /// The run that was added last: "run  3 of 10  PASS  stock lost 412 of 41,996, hitless none of
  /// 41,998  rollout 2.10 s / 2.14 s".
  std::string lastLine(int of) const;
  /// For people: of each profile what was lost in each run, and the verdict.
  std::string summary() const;
  /// hitless.io/rehearsals/v1; docs/rehearse-output.md.
  kube::json::object toJson() const;

 private:
  struct ProfileResult {
    std::string profile;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::optional<nanoseconds> over;
    std::optional<nanoseconds> longestReconnect;
  };
  struct Run {
    bool passed = false;
    std::vector<ProfileResult> profiles;
    kube::json::object report;
  };
  std::vector<const ProfileResult*> of(const std::string& profile) const;

  std::vector<Run> runs_;
};

}  // namespace hitless::report
