#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::scenario {

/// One delay of a profile, with where its value comes from.
struct Lag {
  std::string_view what;
  nanoseconds value;
  std::string_view source;
};

/// How a cluster behaves between a pod's deletion and its SIGTERM. The program is the same in every
/// profile; only these parameters differ.
struct Profile {
  std::string_view name;
  std::string_view summary;
  bool gate;                       ///< SIGTERM waits for the acknowledged removal.
  nanoseconds endpointSliceLag;    ///< Before the EndpointSlice controller handles a change.
  nanoseconds proxyMinSyncPeriod;  ///< Between the ends of two syncs of an agent.
  seconds
      dnsRepeat;  ///< An answer is given again for so long; it is also the TTL. 0: as agents do.
  bool departed;  ///< The addresses of pods that go are looked after.
};

/// The profiles that exist: "hitless" first.
std::span<const Profile> profiles();
/// The delays of profile `stock`, one row each, for documentation and reports.
std::span<const Lag> stockLags();
/// kInvalid, with a suggestion, if there is none of this name.
Result<Profile> findProfile(std::string_view name);

}  // namespace hitless::scenario
