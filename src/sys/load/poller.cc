#include "sys/load/poller.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>

namespace hitless::sys {
namespace {

constexpr int kBatch = 256;
thread_local epoll_event batch[kBatch];

itimerspec at(MonoTime time) {
  // Zero would disarm the timer; anything in the past fires at once.
  const auto ns = std::max<std::int64_t>(time.time_since_epoch().count(), 1);
  itimerspec spec{};
  spec.it_value.tv_sec = ns / 1'000'000'000;
  spec.it_value.tv_nsec = ns % 1'000'000'000;
  return spec;
}

}  // namespace

Result<Poller> Poller::open() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (epoll.get() < 0 || timer.get() < 0) {
    return osFail("cannot set up waiting for connections");
  }
  Poller poller(std::move(epoll), std::move(timer));
  TRY_VOID(poller.control(poller.timer_.get(), EPOLLIN | EPOLLET, kTimer));
  return poller;
}

Status Poller::control(int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return osFail("cannot watch a connection");
  }
  return {};
}

Status Poller::add(int fd, std::uint64_t tag) {
  return control(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, tag);
}

Status Poller::addReadable(int fd, std::uint64_t tag) {
  return control(fd, EPOLLIN | EPOLLET, tag);
}

std::span<const epoll_event> Poller::wait(std::optional<MonoTime> deadline) {
  if (deadline && deadline != armed_) {
    const itimerspec spec = at(*deadline);
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
    armed_ = deadline;
  }
  const int count = epoll_wait(epoll_.get(), batch, kBatch, -1);
  return {batch, static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace hitless::sys
