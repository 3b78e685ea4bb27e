#pragma once

#include <functional>
#include <map>

#include "base/rng.h"
#include "testing/fake_clock.h"

/// A cluster of agents in virtual time, to test the gate with everything that can go wrong between
/// an API server and the nodes. See world.h.
namespace hitless::testing::watermark {

/// What is to happen, in the order of time; of one moment, in the order in which it was planned.
class Queue {
 public:
  explicit Queue(FakeClock& clock) : clock_(clock) {}

  MonoTime now() const { return clock_.mono(); }
  void at(MonoTime time, std::function<void()> act) {
    planned_.emplace(std::max(time, now()), std::move(act));
  }
  void in(nanoseconds delay, std::function<void()> act) { at(now() + delay, std::move(act)); }
  void runUntil(MonoTime end) {
    while (!planned_.empty() && planned_.begin()->first <= end) {
      auto next = planned_.extract(planned_.begin());
      clock_.advance(next.key() - now());
      next.mapped()();
    }
    clock_.advance(end - now());
  }

 private:
  FakeClock& clock_;
  std::multimap<MonoTime, std::function<void()>> planned_;
};

/// What chance decides.
class Chance {
 public:
  explicit Chance(Rng& rng) : rng_(rng) {}

  bool one(std::uint64_t in) { return rng_.below(in) == 0; }
  std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
  nanoseconds between(nanoseconds least, nanoseconds most) {
    return least + nanoseconds(static_cast<std::int64_t>(
                       rng_.below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  /// How long a message takes: mostly some ms, now and then much longer.
  nanoseconds lag() {
    if (one(40)) {
      return between(nanoseconds{}, seconds(4));
    }
    return one(6) ? between(nanoseconds{}, milliseconds(600)) : between({}, milliseconds(15));
  }
  template <class Container>
  auto& pick(Container& from) {
    return *std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())));
  }

 private:
  Rng& rng_;
};

}  // namespace hitless::testing::watermark
