#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/proxy/request_record.h"

/// How a try to have a request answered by an upstream failed, and what a client is told if there
/// is no other try.
namespace hitless::proxy {

enum class FailureCause : std::uint8_t {
  kConnectRefused,   ///< connect() failed.
  kConnectTimeout,   ///< It did not succeed in time.
  kConnectionEnded,  ///< FIN before the response was complete.
  kConnectionReset,  ///< RST.
  kStreamReset,      ///< RST_STREAM with another code than those that follow.
  kRefusedStream,    ///< RST_STREAM with REFUSED_STREAM (RFC 9113 8.7).
  kAboveGoaway,      ///< GOAWAY names a lower stream as the last (RFC 9113 6.8).
  kNotDelivered,     ///< Our own sidecar says so, see kNotDeliveredHeader.
  kAttemptTimeout,   ///< RouteRule::attemptTimeout
  kRequestTimeout,   ///< RouteRule::timeout; there is no time for another try.
  kIdleTimeout,      ///< Nothing came for too long.
  kProtocolError,    ///< The upstream's response is none.
  kStatus,           ///< A response with one of RetryPolicy::statuses.
};

/// Response header of a hitless sidecar that is about to exit: not a byte of this request has
/// reached the application. A proxy takes it off every response that it forwards, so that no
/// application can say it.
inline constexpr std::string_view kNotDeliveredHeader = "x-hitless-not-delivered";

struct Failure {
  FailureCause cause = FailureCause::kConnectionEnded;
  /// Of this request: handed to the upstream connection's socket (encrypted, if it is).
  std::uint64_t bytesWritten = 0;
  /// Of those: acknowledged by the peer's kernel when the connection ended (TCP_INFO's bytes_acked,
  /// less what went before on the connection).
  std::uint64_t bytesAcknowledged = 0;
  /// The peer's FIN has been seen, and bytesAcknowledged was read after that.
  bool peerFin = false;
  /// The upstream was terminating, or not in its cluster any more: what happened was to be
  /// expected.
  bool plannedDeparture = false;
};

/// The answer to a request whose last try failed, in Envoy's words.
struct LocalAnswer {
  int status = 503;
  Flags flags = 0;
  std::string details;  ///< RequestRecord::details
  std::string body;     ///< text/plain
};

/// `transportFailure`: what the system said, "delayed connect error: 111"; may be empty.
/// `responseBegun`: details only, for there is no answer to give any more.
LocalAnswer localAnswer(FailureCause cause, std::string_view transportFailure, bool responseBegun);

/// "connect-refused", "goaway" ...: for logs.
std::string_view name(FailureCause cause);

}  // namespace hitless::proxy
