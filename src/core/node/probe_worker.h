#pragma once

#include <optional>

#include "base/clock.h"
#include "core/node/handler.h"

namespace hitless::node {

/// The pace and the verdict of one probe of one container (kubelet's prober worker). It decides
/// when to probe and what the answers mean; somebody else probes.
class ProbeWorker {
 public:
  /// `spec` must outlive the worker.
  ProbeWorker(const ProbeSpec& spec, ProbeKind kind) : spec_(&spec), kind_(kind) {}

  const ProbeSpec& spec() const { return *spec_; }
  ProbeKind kind() const { return kind_; }

  /// A new attempt of the container: back to the initial verdict, first probe after the initial
  /// delay.
  void restart(MonoTime started);
  /// No more probes until restart().
  void stop();
  /// The next probe is due at once: a passed startup probe wakes the others.
  void hurry(MonoTime now);

  /// When to send the next probe; none while one is on its way or probing is stopped.
  std::optional<MonoTime> due() const;
  void sent(MonoTime now);

  enum class Verdict { kUnchanged, kPassed, kFailed };
  /// The answer to the probe that was sent. A failed startup or liveness probe stops the worker:
  /// the container is going to be replaced.
  Verdict answered(bool success, MonoTime now);

  /// Readiness begins as false, liveness as true; startup is false until it has passed.
  bool passing() const { return passing_; }

 private:
  const ProbeSpec* spec_;
  ProbeKind kind_;
  bool passing_ = false;
  bool active_ = false;
  bool inFlight_ = false;
  bool lastAnswer_ = false;
  std::int64_t inARow_ = 0;  ///< Equal answers up to now.
  MonoTime next_{};
};

}  // namespace hitless::node
