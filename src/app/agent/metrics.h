#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "app/agent/histogram.h"
#include "base/clock.h"
#include "base/ip.h"
#include "sys/dns/name_server.h"
#include "sys/process/self_stats.h"

namespace hitless::app {

/// One value for each address family.
template <class T>
struct PerFamily {
  T v4{};
  T v6{};
  T& of(IpFamily family) { return family == IpFamily::kV4 ? v4 : v6; }
  const T& of(IpFamily family) const { return family == IpFamily::kV4 ? v4 : v6; }
};

/// The numbers of one agent; metric_table.cc gives them their names. One transaction serves both
/// address families, so what is counted here once is shown for both where kube-proxy counts by
/// family.
struct AgentMetrics {
  Histogram syncSeconds{0.001, 2, 15};  ///< kube-proxy's buckets
  Histogram fullSyncSeconds{0.001, 2, 15};
  Histogram partialSyncSeconds{0.001, 2, 15};
  PerFamily<Histogram> programmingSeconds{Histogram(programmingBuckets()),
                                          Histogram(programmingBuckets())};
  Histogram dnsProgrammingSeconds{0.001, 2, 20};  ///< CoreDNS's buckets
  PerFamily<Histogram> flowCleaningSeconds{Histogram(0.001, 2, 15), Histogram(0.001, 2, 15)};
  std::map<std::string, Histogram> gateSeconds;  ///< by reason
  std::uint64_t syncFailures = 0;
  std::uint64_t endpointChanges = 0;
  std::uint64_t endpointChangesPending = 0;
  std::uint64_t serviceChanges = 0;
  std::uint64_t serviceChangesPending = 0;
  PerFamily<std::size_t> noLocalInternal;
  PerFamily<std::size_t> noLocalExternal;
  std::map<int, std::uint64_t> healthzAnswers{{200, 0}, {503, 0}};  ///< by HTTP status
  std::map<int, std::uint64_t> livezAnswers{{200, 0}, {503, 0}};
  std::uint64_t fullSyncs = 0;
  std::uint64_t partialSyncs = 0;
  std::uint64_t generation = 0;  ///< Commits that changed the kernel.
  std::uint64_t elementsWritten = 0;
  PerFamily<std::uint64_t> staleFlowsDeleted;
  std::uint64_t foreignChanges = 0;
  std::uint64_t monitorOverruns = 0;
  std::uint64_t heals = 0;
  std::uint64_t watermark = 0;
  bool synced = false;
  std::size_t gatesHeld = 0;
  std::map<std::string, std::uint64_t> addressTurns;  ///< By departed::name(Turn).
  std::uint64_t flowsReset = 0;
  std::uint64_t synsReleased = 0;
  WallTime lastSync{};
  WallTime lastQueued{};
  MonoTime started{};
  std::map<std::string, MonoTime> lastNews;  ///< By resource: when its watch said anything.

  void observeGate(const std::string& reason, nanoseconds waited);
};

/// The numbers of NetworkPolicies.
struct PolicyMetrics {
  Histogram syncSeconds{0.00025, 2, 15};
  Histogram latencySeconds{0.00025, 2, 15};  ///< From the news to the commit.
  Histogram claimSeconds{0.00025, 2, 15};    ///< How long pods that start have waited.
  std::uint64_t syncs = 0;
  std::uint64_t syncFailures = 0;
  std::uint64_t elementsWritten = 0;
  std::uint64_t flowsRejudged = 0;
  std::uint64_t flowsCut = 0;
  std::uint64_t audits = 0;
  std::uint64_t differences = 0;  ///< Found by audits: operations that it took to heal.
  std::uint64_t mismatches = 0;   ///< Found by audits: verdicts that were not the evaluator's.
  std::size_t policies = 0;
  std::size_t isolatedAddresses = 0;
  std::size_t rules = 0;
  std::size_t elements = 0;
};

/// What a scrape looks at.
struct Scrape {
  const AgentMetrics& metrics;
  MonoTime now{};
  sys::SelfStats process;
  const sys::NameServerStats* dns = nullptr;  ///< nullptr: no names are served.
  const PolicyMetrics* policy = nullptr;      ///< nullptr: no policies are enforced.
};

/// Prometheus text format 0.0.4.
std::string render(const Scrape& scrape);
/// docs/metrics.md
std::string renderMetricsPage();

}  // namespace hitless::app
