#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hitless::proxy {

/// Why a request was sent to another upstream, or why not.
enum class ReplayReason : std::uint8_t {
  // Proofs: it has not been processed.
  kNeverSent,          ///< No connection, or not a byte was written to it.
  kRefused,            ///< REFUSED_STREAM
  kAboveGoaway,        ///< Above GOAWAY's last stream.
  kNotDelivered,       ///< Our sidecar says so.
  kNeverAcknowledged,  ///< The peer's kernel had none of it when the peer closed.
  // It may have been, but that does no harm.
  kIdempotentMethod,
  kIdempotencyKey,
  kStatus,  ///< The policy's statuses, and one of the two above.
  // Not sent again.
  kResponseBegun,
  kUpgradeBegun,
  kOutOfTime,  ///< The request's own time-out.
  kBodyNotKept,
  kMaybeProcessed,  ///< Neither a proof nor leave.
  kAttemptsUsedUp,
  kBudgetUsedUp,
};
inline constexpr std::size_t kReplayReasons = 15;

/// "never-sent", "refused" ...: for logs and metrics.
std::string_view name(ReplayReason reason);
/// What it means, for documentation.
std::string_view meaning(ReplayReason reason);
/// Whether it says that the request has not been processed.
constexpr bool isProof(ReplayReason reason) {
  return reason <= ReplayReason::kNeverAcknowledged;
}
/// Whether it leads to a replay.
constexpr bool replays(ReplayReason reason) {
  return reason <= ReplayReason::kStatus;
}

}  // namespace hitless::proxy
