#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace hitless::testing::watermark {

/// To which pods (UIDs) a node's kernel sends new connections, by the slice that says so. Outlives
/// the agent that wrote it.
struct Kernel {
  std::map<std::string, std::set<std::string>> slices;
  bool reaches(const std::string& uid) const {
    return std::any_of(slices.begin(), slices.end(),
                       [&](const auto& slice) { return slice.second.contains(uid); });
  }
};

/// Ways to build the loop that must not pass the test.
enum class Defect {
  kNone,
  kAcknowledgesBeforeCommit,
  kAcknowledgesBookmarksBeforeCommit,
  kAcknowledgesOtherCollections,
  kAcknowledgesUnsynced,  ///< A restarted agent gives its predecessor's watermark.
};

}  // namespace hitless::testing::watermark
