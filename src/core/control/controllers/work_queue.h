#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"

namespace hitless::control {

/// A key that a controller has to look at.
struct WorkItem {
  std::size_t controller = 0;  ///< Its row in the table of controllers.
  std::string key;
  auto operator<=>(const WorkItem&) const = default;
};

/// What is to be reconciled, each item at most once, first come first served; some of it later. No
/// timers of its own: whoever drives it asks when to come back.
class WorkQueue {
 public:
  explicit WorkQueue(const Clock& clock) : clock_(clock) {}

  void add(WorkItem item);
  /// Makes the item ready after a time. Of several times for one item the earliest counts.
  void addAfter(WorkItem item, nanoseconds delay);
  /// Again after a failure: 5 ms, doubled with each failure up to 1000 s (client-go's limiter).
  void retry(WorkItem item);
  /// The item succeeded: its next failure waits 5 ms again.
  void succeeded(const WorkItem& item) { failures_.erase(item); }

  /// The next item that is ready, taken out; nullopt if none is.
  std::optional<WorkItem> take();
  /// When take() will have something: a time in the past if it has now, nullopt if nothing waits.
  std::optional<MonoTime> nextWake() const;

 private:
  void ripen();

  const Clock& clock_;
  std::deque<WorkItem> ready_;
  std::set<WorkItem> queued_;  ///< What is in ready_.
  std::set<std::pair<MonoTime, WorkItem>> timers_;
  std::map<WorkItem, MonoTime> due_;  ///< The same by item.
  std::map<WorkItem, int> failures_;
};

}  // namespace hitless::control
