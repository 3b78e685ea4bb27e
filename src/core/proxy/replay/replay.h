#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/proxy/replay/failure.h"
#include "core/proxy/replay/reason.h"
#include "core/proxy/route_table.h"

/// Whether a request that an upstream has not answered is sent to another one, without the client
/// knowing. What is certain not to have been processed always may be; what may have been only if
/// processing it twice does no harm.
namespace hitless::proxy {

/// As much of a request's body is kept for a replay, unless configured otherwise.
inline constexpr std::size_t kKeptBody = 64 * 1024;

struct RequestFacts {
  std::string_view method;
  bool idempotencyKey = false;  ///< Idempotency-Key is among its fields.
  /// All that has been read of its body is still there: kKeptBody was not exceeded.
  bool bodyKept = true;
  bool responseBegun = false;  ///< A byte of a response (not 1xx) has gone to the client.
  bool upgradeBegun = false;   ///< 101 has gone to the client: what follows is no HTTP.
  std::uint32_t attempts = 1;  ///< Tries so far, with the failed one.
};

/// How many requests may be in their second or later try at once, so that replays do not bury
/// upstreams that are slow already. As Envoy's retry budget: a share of the active requests.
class ReplayBudget {
 public:
  explicit ReplayBudget(unsigned percent = 20, std::size_t atLeast = 3)
      : percent_(percent), atLeast_(atLeast) {}

  void requestBegan() { ++requests_; }
  void requestEnded() { --requests_; }
  /// False: used up. Otherwise give() is due when the replay has ended.
  bool take();
  void give() { --replays_; }

  std::size_t limit() const { return std::max(atLeast_, requests_ * percent_ / 100); }
  std::size_t replays() const { return replays_; }

 private:
  unsigned percent_;
  std::size_t atLeast_;
  std::size_t requests_ = 0;
  std::size_t replays_ = 0;
};

struct ReplayDecision {
  bool replay = false;
  ReplayReason reason = ReplayReason::kMaybeProcessed;
  /// The replay holds a place of the budget: ReplayBudget::give() when it has ended.
  bool tookBudget = false;
  /// Not to be chosen again for this request as long as there is another one.
  bool avoidUpstream = true;
  /// The upstream did wrong (for outlier detection): not if it was leaving, nor if it said no.
  bool upstreamFailed = false;
  /// To add to RequestRecord::flags if there is no replay: URX, or nothing.
  Flags flags = 0;
};

ReplayDecision decide(const Failure& failure, const RequestFacts& request,
                      const RetryPolicy& policy, ReplayBudget& budget);

/// RFC 9110 9.2.2.
bool idempotent(std::string_view method);

}  // namespace hitless::proxy
