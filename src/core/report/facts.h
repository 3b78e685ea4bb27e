#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/report/pods.h"
#include "core/report/rehearsal.h"

namespace hitless::report {

/// A node whose link to the others was down.
struct NodeCut {
  std::string node;
  WallTime from{};
  std::optional<WallTime> to;  ///< Absent: until the end.
  bool overlaps(WallTime begin, WallTime end) const { return from <= end && (!to || *to >= begin); }
};

/// What the cluster's side knows of a run: with this each failure is compared.
struct Facts {
  std::string clientNode;
  std::vector<PodHistory> pods;
  std::vector<NodeCut> cuts;
};

Facts factsOf(const ProfileRun& run);

}  // namespace hitless::report
