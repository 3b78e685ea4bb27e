#include "sys/proxy/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hitless::sys {

void Timer::set(MonoTime due) {
  const bool later = place_ && (*place_)->first <= due;
  due_ = due;
  if (later) {
    return;
  }
  if (place_) {
    loop_.timers_.erase(*place_);
  }
  place_ = loop_.timers_.emplace(due, this);
}

void Timer::cancel() {
  due_.reset();
  if (place_) {
    loop_.timers_.erase(*place_);
    place_.reset();
  }
}

Result<std::unique_ptr<EventLoop>> EventLoop::open(const Clock& clock) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.get() < 0) {
    return osFail("epoll_create1");
  }
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) {
    return osFail("eventfd");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return osFail("epoll_ctl");
  }
  std::unique_ptr<EventLoop> loop(new EventLoop(clock, std::move(epoll), std::move(wake)));
  loop->now_ = clock.mono();
  return loop;
}

/// What is left to be destroyed may have timers. What was deferred is not done any more: it is
/// about connections that have ended before their loop does.
EventLoop::~EventLoop() {
  emptyGraves();
}

Status EventLoop::add(int fd, std::uint32_t events, Watched& watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return osFail("epoll_ctl");
  }
  return {};
}

void EventLoop::change(int fd, std::uint32_t events, Watched& watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::remove(int fd, Watched& watched) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (int i = 0; i < batch_; ++i) {
    if (events_[static_cast<std::size_t>(i)].data.ptr == &watched) {
      events_[static_cast<std::size_t>(i)].events = 0;
    }
  }
}

void EventLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const ssize_t ignored = write(wake_.get(), &one, sizeof one);
}

void EventLoop::runPosted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t ignored = read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& task : work) {
    task();
  }
}

int EventLoop::timeoutMs() const {
  if (!deferred_.empty() || !graves_.empty()) {
    return 0;
  }
  if (timers_.empty()) {
    return -1;
  }
  const nanoseconds left = timers_.begin()->first - clock_.mono();
  if (left <= nanoseconds::zero()) {
    return 0;
  }
  // Rounded up: a timer must not be looked at before its time again and again.
  const auto ms = std::chrono::ceil<milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(ms, 60'000));
}

void EventLoop::dispatch(int count) {
  batch_ = count;
  for (int i = 0; i < count; ++i) {
    const epoll_event event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      runPosted();
    } else if (event.events != 0) {
      static_cast<Watched*>(event.data.ptr)->onEvents(event.events);
    }
  }
  batch_ = 0;
}

void EventLoop::runTimers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Timer& timer = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer.place_.reset();
    if (!timer.due_) {
      continue;
    }
    if (*timer.due_ > now_) {
      timer.place_ = timers_.emplace(*timer.due_, &timer);
      continue;
    }
    timer.due_.reset();
    timer.fire_();
  }
}

void EventLoop::runDeferred() {
  for (std::size_t i = 0; i < deferred_.size(); ++i) {
    const std::function<void()> work = std::move(deferred_[i]);  // it may defer more
    work();
  }
  deferred_.clear();
  emptyGraves();
}

/// What dies may bury others.
void EventLoop::emptyGraves() {
  while (!graves_.empty()) {
    emptied_.swap(graves_);
    emptied_.clear();
  }
}

void EventLoop::run() {
  stopped_ = false;
  while (!stopped_) {
    const int count =
        epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeoutMs());
    now_ = clock_.mono();
    if (count > 0) {
      dispatch(count);
    }
    runTimers();
    runDeferred();
  }
}

}  // namespace hitless::sys
