#include "core/proxy/replay/replay.h"

#include <optional>

namespace hitless::proxy {
namespace {

/// A rollout may take several upstreams from under one request, and a proxy may hear late of all of
/// them; each counts here, not as one of the policy's tries. The bound is against upstreams that
/// say they leave and never do.
constexpr std::uint32_t kMostUnprocessed = 10;

/// The reason, if there is one, why the upstream cannot have processed the request.
///
/// kNeverAcknowledged rests on the peer's FIN: a FIN is processed together with the ACK that it
/// carries, so what is unacknowledged after it had not reached the peer's kernel when the peer
/// closed, and what arrives at a closed socket reaches no application. An RST alone proves nothing:
/// Linux leaves the ACK of a segment with RST unprocessed (tcp_reset() comes before tcp_ack()), and
/// ACKs are delayed, so the peer may have read everything. What was acknowledged in part may have
/// been read in part.
std::optional<ReplayReason> proofOf(const Failure& failure) {
  switch (failure.cause) {
    case FailureCause::kConnectRefused:
    case FailureCause::kConnectTimeout:
      return ReplayReason::kNeverSent;
    case FailureCause::kRefusedStream:
      return ReplayReason::kRefused;
    case FailureCause::kAboveGoaway:
      return ReplayReason::kAboveGoaway;
    case FailureCause::kNotDelivered:
      return ReplayReason::kNotDelivered;
    case FailureCause::kConnectionEnded:
    case FailureCause::kConnectionReset:
      if (failure.bytesWritten == 0) {
        return ReplayReason::kNeverSent;
      }
      if (failure.peerFin && failure.bytesAcknowledged == 0) {
        return ReplayReason::kNeverAcknowledged;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// Why processing the request twice is allowed, if it is.
std::optional<ReplayReason> leaveOf(const Failure& failure, const RequestFacts& request,
                                    const RetryPolicy& policy) {
  const bool harmless = idempotent(request.method);
  if (!policy.idempotent || (!harmless && !request.idempotencyKey)) {
    return std::nullopt;
  }
  if (failure.cause == FailureCause::kStatus) {
    return ReplayReason::kStatus;
  }
  return harmless ? ReplayReason::kIdempotentMethod : ReplayReason::kIdempotencyKey;
}

/// Why there cannot be another try, whatever else is so.
std::optional<ReplayReason> obstacle(const Failure& failure, const RequestFacts& request) {
  if (request.upgradeBegun) {
    return ReplayReason::kUpgradeBegun;
  }
  if (request.responseBegun) {
    return ReplayReason::kResponseBegun;
  }
  if (failure.cause == FailureCause::kRequestTimeout) {
    return ReplayReason::kOutOfTime;
  }
  if (!request.bodyKept) {
    return ReplayReason::kBodyNotKept;
  }
  return std::nullopt;
}

bool blames(const Failure& failure) {
  switch (failure.cause) {
    case FailureCause::kRefusedStream:
    case FailureCause::kAboveGoaway:
    case FailureCause::kNotDelivered:
      return false;
    default:
      return !failure.plannedDeparture;
  }
}

}  // namespace

bool idempotent(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

bool ReplayBudget::take() {
  if (replays_ >= limit()) {
    return false;
  }
  ++replays_;
  return true;
}

ReplayDecision decide(const Failure& failure, const RequestFacts& request,
                      const RetryPolicy& policy, ReplayBudget& budget) {
  ReplayDecision decision;
  decision.upstreamFailed = blames(failure);
  const auto refuse = [&](ReplayReason reason, Flags flags = 0) {
    decision.reason = reason;
    decision.flags = flags;
    return decision;
  };
  if (const auto found = obstacle(failure, request)) {
    return refuse(*found);
  }
  auto reason = proofOf(failure);
  if (!reason) {
    reason = leaveOf(failure, request, policy);
  }
  if (!reason) {
    return refuse(ReplayReason::kMaybeProcessed);
  }
  // What nobody has processed is processed once all the same: such tries neither multiply the load,
  // which the budget is against, nor have they a share in it.
  const bool free = failure.plannedDeparture || isProof(*reason);
  const std::uint32_t most =
      free && policy.attempts > 1 ? std::max(policy.attempts, kMostUnprocessed) : policy.attempts;
  if (request.attempts >= most) {
    // As in Envoy, who allows one try only has no limit to exceed.
    return refuse(ReplayReason::kAttemptsUsedUp,
                  most > 1 ? Flags{} | Flag::kUpstreamRetryLimitExceeded : Flags{});
  }
  if (!free && !budget.take()) {
    return refuse(ReplayReason::kBudgetUsedUp, Flags{} | Flag::kUpstreamRetryLimitExceeded);
  }
  decision.replay = true;
  decision.reason = *reason;
  decision.tookBudget = !free;
  return decision;
}

}  // namespace hitless::proxy
