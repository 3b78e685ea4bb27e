#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/error.h"
#include "sys/load/socket.h"

struct epoll_event;

namespace hitless::sys {

/// epoll with a deadline that is exact to the microsecond (timerfd; epoll_wait's own is in ms).
class Poller {
 public:
  static constexpr std::uint64_t kTimer = ~0ULL;  ///< The tag of the timer's event.

  static Result<Poller> open();

  /// Edge-triggered, for everything that can happen on a connection. Closing the fd removes it.
  Status add(int fd, std::uint64_t tag);
  /// For reading, once per thing that arrives.
  Status addReadable(int fd, std::uint64_t tag);
  /// Waits for events until `deadline` (for ever without one); the events are valid until the next
  /// call. Empty when the deadline passed or a signal came.
  std::span<const epoll_event> wait(std::optional<MonoTime> deadline);

 private:
  Poller(Fd epoll, Fd timer) : epoll_(std::move(epoll)), timer_(std::move(timer)) {}
  Status control(int fd, std::uint32_t events, std::uint64_t tag);

  Fd epoll_;
  Fd timer_;
  std::optional<MonoTime> armed_;
};

}  // namespace hitless::sys
