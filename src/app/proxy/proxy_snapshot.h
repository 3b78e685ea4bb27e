#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/proxy/drainer.h"
#include "app/proxy/worker_log.h"
#include "core/proxy/admin/view.h"

namespace hitless::app {

/// What one worker shows to the admin endpoint.
struct WorkerSnapshot {
  proxy::WorkerStats stats;
  proxy::RecentDurations recent;
  proxy::Ledger ledger;
  sys::Worker::Activity activity;
  proxy::InFlight inFlight;
  std::vector<proxy::RequestRecord> unfinished;  ///< As they stand; `duration` is their age.
  std::map<std::pair<std::string, proxy::Address>, sys::UpstreamPools::Load> loads;
};

/// On the worker's thread.
WorkerSnapshot snapshotOf(sys::Worker& worker, const WorkerLog& log,
                          const proxy::RouteTable& table);

/// What does not come from workers.
struct ProcessFacts {
  std::shared_ptr<const proxy::RouteTable> table;
  proxy::DrainState state = proxy::DrainState::kLive;
  proxy::DrainSettings settings;
  std::optional<nanoseconds> untilDeadline;
  bool ready = false;
  bool edge = false;
  nanoseconds uptime{};
  unsigned workers = 1;
  std::string name;
  std::map<std::string, std::string> options;
};

/// The proxy at one moment.
class ProxySnapshot final : public proxy::ProxyView {
 public:
  ProxySnapshot(ProcessFacts facts, std::vector<WorkerSnapshot> workers);

  bool ready() const override { return facts_.ready; }
  proxy::DrainState drainState() const override { return facts_.state; }
  proxy::StatsView stats() const override;
  std::vector<proxy::ClusterView> clusters() const override;
  std::vector<proxy::ListenerView> listeners() const override;
  proxy::DrainStatus drain() const override;
  proxy::ServerInfo info() const override;
  std::shared_ptr<const proxy::RouteTable> routes() const override { return facts_.table; }
  std::string logLevel() const override;

 private:
  ProcessFacts facts_;
  std::vector<WorkerSnapshot> workers_;
};

}  // namespace hitless::app
