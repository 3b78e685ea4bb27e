#pragma once

#include <set>

#include "core/kube/resource.h"
#include "core/kube/workload.h"

/// batch/v1 Job as its controller reads it.
namespace hitless::kube {

namespace res {
extern const Resource& kJobs;  ///< A row of resources().
}  // namespace res

/// Completion indexes, written as "1,3-5".
using Indexes = std::set<std::int64_t>;
/// What is no number or range is left out; so are indexes of `limit` and above.
Indexes indexesOf(std::string_view text, std::int64_t limit);
std::string textOf(const Indexes& indexes);

struct JobStatus {
  std::optional<WallTime> startTime;
  std::optional<WallTime> completionTime;
  std::int64_t active = 0;
  std::int64_t ready = 0;
  std::int64_t terminating = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::string completedIndexes;
  /// UIDs of pods that have ended, whose finalizer may still be there and which the counts lack.
  std::set<std::string> uncountedSucceeded;
  std::set<std::string> uncountedFailed;
  std::vector<Condition> conditions;
  bool operator==(const JobStatus&) const = default;
};

struct Job {
  ObjectMeta meta;
  std::int64_t parallelism = 1;
  std::optional<std::int64_t> completions;
  std::int64_t backoffLimit = 6;
  std::optional<std::int64_t> activeDeadlineSeconds;
  std::optional<std::int64_t> ttlSecondsAfterFinished;
  bool indexed = false;
  bool suspended = false;
  bool replacesOnlyFailed = false;  ///< podReplacementPolicy: terminating pods hold their place.
  LabelSelector selector;
  json::object podTemplate;
  JobStatus status;

  /// The pods restart their containers themselves.
  bool restartsInPlace() const;
  /// The condition that ends it, Complete or Failed; null while it goes on.
  const Condition* ending() const;
  bool operator==(const Job&) const = default;
};

Job jobOf(const json::object& object);
/// The whole `status` as a merge patch.
json::object statusPatch(const JobStatus& status);

}  // namespace hitless::kube
