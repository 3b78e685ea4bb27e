#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace hitless::testing::watermark {

/// To which pods (UIDs) a node's kernel sends new connections, by the slice that says so. Outlives
/// the agent that wrote it.
struct Kernel {
  struct Slice {
    std::uint64_t revision = 0;
    std::set<std::string> ready;
  };
  std::map<std::string, Slice> slices;

  /// By a slice version that is not newer than this.
  bool reaches(const std::string& uid, std::uint64_t upTo) const {
    return std::any_of(slices.begin(), slices.end(), [&](const auto& entry) {
      return entry.second.revision <= upTo && entry.second.ready.contains(uid);
    });
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
