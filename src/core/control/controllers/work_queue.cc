#include "core/control/controllers/work_queue.h"

#include <algorithm>

namespace hitless::control {
namespace {

constexpr nanoseconds kFirstRetry = milliseconds(5);
constexpr nanoseconds kLongestRetry = seconds(1000);
constexpr int kDoublings = 18;  ///< 5 ms doubled so often exceeds 1000 s.

}  // namespace

void WorkQueue::add(WorkItem item) {
  if (queued_.insert(item).second) {
    ready_.push_back(std::move(item));
  }
}

void WorkQueue::addAfter(WorkItem item, nanoseconds delay) {
  if (delay <= nanoseconds{0}) {
    add(std::move(item));
    return;
  }
  const MonoTime at = clock_.mono() + delay;
  const auto [it, isNew] = due_.emplace(item, at);
  if (!isNew) {
    if (it->second <= at) {
      return;
    }
    timers_.erase({it->second, item});
    it->second = at;
  }
  timers_.emplace(at, std::move(item));
}

void WorkQueue::retry(WorkItem item) {
  int& failures = failures_[item];
  const nanoseconds delay = std::min<nanoseconds>(kFirstRetry * (1LL << failures), kLongestRetry);
  failures = std::min(failures + 1, kDoublings);
  addAfter(std::move(item), delay);
}

void WorkQueue::ripen() {
  const MonoTime now = clock_.mono();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    WorkItem item = timers_.begin()->second;
    timers_.erase(timers_.begin());
    due_.erase(item);
    add(std::move(item));
  }
}

std::optional<WorkItem> WorkQueue::take() {
  ripen();
  if (ready_.empty()) {
    return std::nullopt;
  }
  WorkItem item = std::move(ready_.front());
  ready_.pop_front();
  queued_.erase(item);
  return item;
}

std::optional<MonoTime> WorkQueue::nextWake() const {
  if (!ready_.empty()) {
    return MonoTime::min();
  }
  return timers_.empty() ? std::nullopt : std::optional<MonoTime>(timers_.begin()->first);
}

}  // namespace hitless::control
