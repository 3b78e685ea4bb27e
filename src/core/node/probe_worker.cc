#include "core/node/probe_worker.h"

#include <algorithm>

namespace hitless::node {

void ProbeWorker::restart(MonoTime started) {
  passing_ = kind_ == ProbeKind::kLiveness;
  active_ = true;
  inFlight_ = false;
  inARow_ = 0;
  next_ = started + seconds{spec_->initialDelay};
}

void ProbeWorker::stop() {
  active_ = false;
  inFlight_ = false;
}

void ProbeWorker::hurry(MonoTime now) {
  if (!inFlight_) {
    next_ = std::min(next_, now);
  }
}

std::optional<MonoTime> ProbeWorker::due() const {
  return active_ && !inFlight_ ? std::optional(next_) : std::nullopt;
}

void ProbeWorker::sent(MonoTime now) {
  inFlight_ = true;
  // The beat is kept while probes are quick; a late or slow probe starts a new beat.
  const MonoTime beat = next_ + seconds{spec_->period};
  next_ = beat > now ? beat : now + seconds{spec_->period};
}

ProbeWorker::Verdict ProbeWorker::answered(bool success, MonoTime now) {
  if (!active_ || !inFlight_) {
    return Verdict::kUnchanged;
  }
  inFlight_ = false;
  next_ = std::max(next_, now);
  inARow_ = success == lastAnswer_ ? inARow_ + 1 : 1;
  lastAnswer_ = success;
  const std::int64_t threshold = success ? spec_->successThreshold : spec_->failureThreshold;
  if (inARow_ < threshold) {
    return Verdict::kUnchanged;
  }
  const bool replaces = kind_ != ProbeKind::kReadiness && !success;
  const bool finished = kind_ == ProbeKind::kStartup && success;
  if (replaces || finished) {
    stop();
  }
  if (passing_ == success && !replaces) {
    return Verdict::kUnchanged;
  }
  passing_ = success;
  return success ? Verdict::kPassed : Verdict::kFailed;
}

}  // namespace hitless::node
