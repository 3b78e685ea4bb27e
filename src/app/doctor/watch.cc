#include "app/doctor/watch.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "core/doctor/gauges.h"
#include "sys/doctor/collector.h"

namespace hitless::app {
namespace {

constexpr std::size_t kMostLines = 20;  // Of one look; the fastest come first.

/// True if a signal to end came within the time.
bool interruptedWithin(const sigset_t& signals, nanoseconds time) {
  const timespec limit{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
  return ::sigtimedwait(&signals, nullptr, &limit) > 0;
}

void print(WallTime time, const std::vector<doctor::Growth>& changes) {
  for (std::size_t i = 0; i < std::min(changes.size(), kMostLines); ++i) {
    fmt::print("{} {}\n", formatTime(time), doctor::render(changes[i]));
  }
  if (changes.size() > kMostLines) {
    fmt::print("{} {} more changed\n", formatTime(time), changes.size() - kMostLines);
  }
  std::fflush(stdout);
}

}  // namespace

Status watchNode(nanoseconds interval) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  doctor::GrowthWatch watch;
  bool first = true;
  do {
    const doctor::Evidence evidence = sys::collect(doctor::gaugeWants());
    const std::vector<doctor::Gauge> gauges = doctor::gauges(evidence);
    const MonoTime now = std::chrono::steady_clock::now();
    const std::vector<doctor::Growth> changes = watch.look(now, gauges);
    if (first) {
      for (const auto& [name, reason] : evidence.unread) {
        fmt::print("not seen: {} ({})\n", name, reason);
      }
      fmt::print("{} watching {} numbers every {} ms; only what changes is told\n",
                 formatTime(evidence.taken), gauges.size(), interval.count() / 1'000'000);
      first = false;
    }
    print(evidence.taken, changes);
  } while (!interruptedWithin(signals, interval));
  return {};
}

}  // namespace hitless::app
