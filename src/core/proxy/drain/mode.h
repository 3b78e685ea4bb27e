#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

/// When a proxy that has been told to end does end.
namespace hitless::proxy {

struct DrainMode {
  enum class Kind : std::uint8_t {
    kFixed,            ///< What pilot-agent does by default: everything is cut after a while.
    kZeroConnections,  ///< EXIT_ON_ZERO_ACTIVE_CONNECTIONS: a wait, then until no connection is
                       ///< left, idle or not; no deadline of its own.
    kRequests,         ///< Until no request is in flight. The default.
  };
  Kind kind = Kind::kRequests;
  /// kFixed: when everything is cut. kZeroConnections: the wait before connections are counted.
  /// Otherwise 0.
  nanoseconds duration{};
  bool operator==(const DrainMode&) const = default;
};

/// terminationDrainDuration's and MINIMUM_DRAIN_DURATION's default in Istio.
inline constexpr nanoseconds kLegacyDrainDuration = seconds(5);

/// "requests", "fixed:DURATION", "zero-connections[:DURATION]"; durations as Go writes them.
Result<DrainMode> parseDrainMode(std::string_view text);
/// As parseDrainMode() takes it.
std::string text(const DrainMode& mode);

struct DrainSettings {
  DrainMode mode;
  /// The longest that LAMEDUCK waits for the endpoint's removal to be acknowledged.
  nanoseconds removalWait = seconds(5);
  /// From SIGTERM to SIGKILL; nullopt: unknown, nothing is ever cut for it.
  std::optional<nanoseconds> grace;
  /// So long before SIGKILL what is left is cut and written down.
  nanoseconds reserve = seconds(1);
  /// An HTTP/1.1 connection on which nothing has come for so long is idle. A request that is on its
  /// way to us when we close a connection is lost, so this should exceed a client's round trip.
  nanoseconds quiet = milliseconds(100);
  /// A container that ends after the application's (KEP-753): at SIGTERM the application is gone.
  bool nativeSidecar = false;
  bool operator==(const DrainSettings&) const = default;
};

/// The value of an environment variable; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// What pilot-agent's variables ask for:
///   EXIT_ON_ZERO_ACTIVE_CONNECTIONS=true   zero-connections:$MINIMUM_DRAIN_DURATION
///   TERMINATION_DRAIN_DURATION             fixed:DURATION; so do
///   TERMINATION_DRAIN_DURATION_SECONDS
///                                          and terminationDrainDuration in PROXY_CONFIG, which
///                                          yield to the ones before them
///   TERMINATION_GRACE_PERIOD               the grace period, "30s" or whole seconds
/// As in pilot-agent, the first of these beats the second and MINIMUM_DRAIN_DURATION alone does
/// nothing. None set: requests. Errors name the variable.
Result<DrainSettings> drainSettings(const Environment& environment);

}  // namespace hitless::proxy
