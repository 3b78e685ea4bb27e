#pragma once

#include <cstdint>
#include <vector>

#include "core/kube/json.h"

namespace hitless::watch {

enum class ChangeType { kUpsert, kDelete };

struct Change {
  ChangeType type = ChangeType::kUpsert;
  kube::ObjectPtr object;  ///< For kDelete the last known state.
};

/// News of one collection. A full update replaces everything known; an incremental one amends it.
struct Update {
  enum class Kind { kFull, kIncremental };
  Kind kind = Kind::kIncremental;
  std::vector<Change> changes;
  /// The collection's resourceVersion after this update. Bookmarks give updates without changes.
  std::uint64_t revision = 0;
};

}  // namespace hitless::watch
