#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/proxy/drain/forecast.h"
#include "core/proxy/drain/ledger.h"
#include "core/proxy/drain/machine.h"
#include "core/proxy/stats/render.h"

/// What the admin endpoint can see of the proxy.
namespace hitless::proxy {

struct UpstreamView {
  enum class State : std::uint8_t {
    kReady,
    kTerminating,  ///< Upstream::ready is false.
    kGone,         ///< Not in its cluster any more; what is under way there goes on.
  };
  Address address;
  std::string pod;
  State state = State::kReady;
  std::uint64_t cxActive = 0;
  std::uint64_t cxTotal = 0;
  std::uint64_t cxConnectFail = 0;
  std::uint64_t rqActive = 0;
  std::uint64_t rqTotal = 0;
  std::uint64_t rqSuccess = 0;
  std::uint64_t rqError = 0;
  std::uint64_t rqTimeout = 0;
};

struct ClusterView {
  std::string name;
  std::vector<UpstreamView> upstreams;
};

struct ListenerView {
  std::string name;
  Address address;
  Direction direction = Direction::kOutbound;
};

struct DrainStatus {
  DrainState state = DrainState::kLive;
  DrainSettings settings;
  /// From now to when what is left is cut; nullopt: never.
  std::optional<nanoseconds> untilDeadline;
  std::size_t activeConnections = 0;
  std::size_t noticedConnections = 0;
  InFlight inFlight;
  RecentDurations recent;
  Ledger ledger;
};

struct ServerInfo {
  std::string version;
  nanoseconds uptime{};
  std::string node;                            ///< Of whom it is the proxy: "default/web-1".
  std::map<std::string, std::string> options;  ///< As configured.
};

class ProxyView {
 public:
  virtual ~ProxyView() = default;
  /// It has a configuration, and DrainActions::failReadiness does not hold.
  virtual bool ready() const = 0;
  virtual DrainState drainState() const = 0;
  virtual StatsView stats() const = 0;
  virtual std::vector<ClusterView> clusters() const = 0;
  virtual std::vector<ListenerView> listeners() const = 0;
  virtual DrainStatus drain() const = 0;
  virtual ServerInfo info() const = 0;
  /// Nullptr: there is none yet.
  virtual std::shared_ptr<const RouteTable> routes() const = 0;
  virtual std::string logLevel() const = 0;
};

}  // namespace hitless::proxy
