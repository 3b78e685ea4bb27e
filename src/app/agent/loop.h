#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/agent/flow_cleaner.h"
#include "app/agent/metrics.h"
#include "app/agent/pacer.h"
#include "app/agent/service_plane.h"
#include "base/clock.h"
#include "core/timeline/event.h"
#include "core/watch/update.h"

namespace hitless::app {

/// The agent's loop: watch -> plan -> diff -> apply -> acknowledge. Writes nothing until Services
/// and EndpointSlices have synced; from then on each commit moves the watermark, and so does news
/// without effect on the kernel.
class Loop {
 public:
  struct Parts {
    boost::asio::io_context& io;
    ServicePlane& plane;
    const Clock& clock;
    timeline::Sink& timeline;
    AgentMetrics& metrics;
    FlowCleaner& flows;
    /// Called before each sync, for what must be in the kernel before it.
    std::function<void()> first = [] {};
  };
  using Acknowledge = std::function<void(std::uint64_t watermark)>;

  Loop(Parts parts, std::string node, nanoseconds minSyncPeriod, Acknowledge acknowledge);

  void onServices(const watch::Update& update);
  void onSlices(const watch::Update& update);
  void onNodes(const watch::Update& update);
  void onServiceCidrs(const watch::Update& update);
  /// Of this node.
  void onPods(const watch::Update& update);
  /// The addresses of the machine's interfaces.
  void onAddresses(std::vector<IpAddress> addresses);
  /// Asks for a full sync at once although no object changed: a foreign hand touched the table.
  void resync();

  /// The highest EndpointSlice resourceVersion whose effects the kernel holds; 0 before the first
  /// sync.
  std::uint64_t watermark() const { return watermark_; }
  bool synced() const { return committed_; }
  /// How long a change has been waiting for its commit; 0 if none is, or if not all collections
  /// have been listed yet.
  nanoseconds backlog() const;

 private:
  bool listed() const {
    return servicesSynced_ && slicesSynced_ && nodesSynced_ && serviceCidrsSynced_;
  }
  void want();
  void schedule();
  void arm();
  void sync();
  void awaitDepartures();
  void committed(rules::SyncReceipt receipt, MonoTime begin, std::uint64_t revision);
  void count(const rules::SyncReceipt& receipt, nanoseconds duration);
  void acknowledge(std::uint64_t revision);
  void noteTriggers(const watch::Update& slices);

  Parts parts_;
  std::string node_;
  SyncPacer pacer_;
  Acknowledge acknowledge_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer departures_;  ///< Ends when rules that lingered are to go.
  bool servicesSynced_ = false;
  bool slicesSynced_ = false;
  bool nodesSynced_ = false;
  bool serviceCidrsSynced_ = false;
  bool scheduled_ = false;
  bool healing_ = false;  ///< The next sync repairs what somebody else did.
  bool committed_ = false;
  std::optional<MonoTime> dirtySince_;
  std::uint64_t seen_ = 0;  ///< The EndpointSlice watch's position.
  std::uint64_t watermark_ = 0;
  /// last-change-trigger-time of slices not committed yet.
  struct Trigger {
    IpFamily family;
    WallTime time;
    bool headless;
  };
  std::vector<Trigger> triggers_;
};

}  // namespace hitless::app
