#pragma once

#include <sys/epoll.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sys/load/socket.h"

namespace hitless::sys {

class EventLoop;

/// Something that is told when its time has come. Moving the time later, as each byte on a
/// connection does, costs nothing: the timer is looked at when its old time comes, and put back.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> fire) : loop_(loop), fire_(std::move(fire)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void set(MonoTime due);
  void cancel();
  bool armed() const { return due_.has_value(); }

 private:
  friend class EventLoop;
  EventLoop& loop_;
  std::function<void()> fire_;
  std::optional<MonoTime> due_;
  std::optional<std::multimap<MonoTime, Timer*>::iterator> place_;
};

/// What watches a file descriptor.
class Watched {
 public:
  virtual ~Watched() = default;
  /// EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP ...
  virtual void onEvents(std::uint32_t events) = 0;
};

/// One thread's events: descriptors, timers, work from other threads. Not Asio: a proxy pays for
/// each step of each request, and wants the say in how a connection is read, written and closed
/// (docs/decisions/0014).
class EventLoop {
 public:
  static Result<std::unique_ptr<EventLoop>> open(const Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Level-triggered unless `events` has EPOLLET.
  Status add(int fd, std::uint32_t events, Watched& watched);
  void change(int fd, std::uint32_t events, Watched& watched);
  /// Before the descriptor is closed. No event of this batch reaches `watched` any more.
  void remove(int fd, Watched& watched);

  /// Runs `work` when the events at hand have been dealt with, before the loop sleeps.
  void defer(std::function<void()> work) { deferred_.push_back(std::move(work)); }
  /// Keeps `thing` alive until then.
  template <class T>
  void bury(std::unique_ptr<T> thing) {
    graves_.push_back(Grave(thing.release(), [](void* dead) { delete static_cast<T*>(dead); }));
  }
  /// From any thread.
  void post(std::function<void()> work);

  void run();
  /// From the loop's own thread.
  void stop() { stopped_ = true; }

  /// Of the batch of events at hand.
  MonoTime now() const { return now_; }
  const Clock& clock() const { return clock_; }

 private:
  friend class Timer;
  using Grave = std::unique_ptr<void, void (*)(void*)>;
  EventLoop(const Clock& clock, Fd epoll, Fd wake)
      : clock_(clock), epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  int timeoutMs() const;
  void dispatch(int count);
  void runPosted();
  void runTimers();
  void runDeferred();
  void emptyGraves();

  const Clock& clock_;
  Fd epoll_;
  Fd wake_;
  MonoTime now_{};
  bool stopped_ = false;
  std::array<epoll_event, 256> events_{};
  int batch_ = 0;
  std::multimap<MonoTime, Timer*> timers_;
  std::vector<std::function<void()>> deferred_;
  std::vector<Grave> graves_;
  std::vector<Grave> emptied_;  ///< Keeps its memory for the next time.
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace hitless::sys
