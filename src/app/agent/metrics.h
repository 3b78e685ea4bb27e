#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace hitless::app {

/// A Prometheus histogram over seconds.
class Histogram {
 public:
  /// `count` buckets, the first at `start` seconds, each `factor` times the one before.
  Histogram(double start, double factor, int count);
  void observe(nanoseconds value);
  /// Lines of the text format; `labels` is `reason="x"` or empty.
  std::string render(const std::string& name, const std::string& labels) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;  ///< One more than bounds: +Inf.
  double sum_ = 0;
};

/// The numbers of one agent. Names that kube-proxy has too mean the same as there.
struct AgentMetrics {
  Histogram syncSeconds{0.001, 2, 15};  ///< kube-proxy's buckets
  Histogram programmingSeconds{0.001, 2, 18};
  std::map<std::string, Histogram> gateSeconds;  ///< by reason
  std::uint64_t syncFailures = 0;
  std::uint64_t endpointChanges = 0;
  std::uint64_t serviceChanges = 0;
  std::uint64_t fullSyncs = 0;
  std::uint64_t partialSyncs = 0;
  std::uint64_t elementsWritten = 0;
  std::uint64_t staleFlowsDeleted = 0;
  std::uint64_t watermark = 0;
  bool synced = false;
  std::size_t gatesHeld = 0;
  WallTime lastSync{};
  WallTime lastQueued{};

  void observeGate(const std::string& reason, nanoseconds waited);
  /// Prometheus text format 0.0.4.
  std::string render() const;
};

}  // namespace hitless::app
