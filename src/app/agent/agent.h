#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "app/agent/departed_plane.h"
#include "app/agent/dns_plane.h"
#include "app/agent/event_writer.h"
#include "app/agent/flow_cleaner.h"
#include "app/agent/front.h"
#include "app/agent/gate_keeper.h"
#include "app/agent/loop.h"
#include "app/agent/options.h"
#include "app/agent/pod_door.h"
#include "app/agent/policy_plane.h"
#include "app/agent/proxy_health.h"
#include "app/agent/service_health.h"
#include "app/agent/table_guard.h"
#include "app/agent/ungated_pods.h"
#include "app/agent/waiting_room.h"
#include "sys/kube/watcher.h"
#include "sys/netlink/address_monitor.h"
#include "sys/netlink/nft_monitor.h"

namespace hitless::app {

/// The program on a node: watches the cluster, keeps the node's packet rules in step with it, tells
/// peers how far it is, and holds SIGTERM of the node's own pods until all nodes are that far.
class Agent {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sys::KubeClient& client;
    Clock& clock;
    Rng& rng;
    timeline::Sink& timeline;
    ServicePlane& plane;
    conntrack::FlowTable& flows;
    FlowWorker& flowWorker;  ///< Of the same connections.
    drain::UntakenConnections& untaken;
    sys::NftMonitor* monitor = nullptr;  ///< Of the plane's table; without it nothing is healed.
    sys::AddressMonitor* addresses = nullptr;  ///< Needed for nodePortNetworks.
    DnsPlane* dns = nullptr;                   ///< Without it no names are served.
    DepartedPlane* departed = nullptr;  ///< Without it nobody looks after addresses of the dead.
    sys::NftMonitor* departedMonitor = nullptr;  ///< Of its table.
    PolicyPlane* policy = nullptr;               ///< Without it NetworkPolicies are not enforced.
    sys::NftMonitor* policyMonitor = nullptr;    ///< Of its table.
  };

  Agent(Parts parts, AgentOptions options);

  /// Opens the doors and begins to watch; the io_context does the rest.
  void start();
  void stop();
  const AgentMetrics& metrics() const { return metrics_; }

 private:
  void addRoutes();
  void addHealthRoutes(Front& front);
  void addMetricsRoute(Front& front);
  void addAuditRoute();
  void addDnsRoutes(Front& front);
  void watchForDns();
  void watchForPolicies();
  PodIsolation& policies();
  void startDeparted();
  void open(Front& front, const BindAddress& address);
  void watch(const kube::Resource& resource, const std::string& fieldSelector,
             std::function<void(const watch::Update&)> deliver);
  void watch(sys::WatchTarget target, std::function<void(const watch::Update&)> deliver);
  void onNamespaces(const watch::Update& update);
  void onNodes(const watch::Update& update);
  void onOwnNode(const kube::Node& node);
  void onAddresses(std::vector<IpAddress> addresses);
  void onDeparted(const departed::Happening& happening);
  timeline::Event eventNow(timeline::What what) const;
  void record(timeline::What what, std::string detail = {});
  void onAcknowledged(std::uint64_t watermark);
  void trimLater();
  std::set<std::string> nodePortAddresses() const;

  Parts parts_;
  AgentOptions options_;
  AgentMetrics metrics_;
  EventWriter events_;
  UngatedPods ungated_;
  FlowCleaner flows_;
  WaitingRoom waitingRoom_;
  GateKeeper gate_;
  Loop loop_;
  TableGuard guard_;
  TableGuard policyGuard_;
  ProxyHealth health_;
  ServiceHealth serviceHealth_;
  Front front_;
  Front healthzFront_;
  Front metricsFront_;
  Front dnsHealthFront_;
  Front dnsReadyFront_;
  NoIsolation noIsolation_;
  std::optional<PodDoor> podDoor_;
  boost::asio::steady_timer trim_;
  bool fullSince_ = false;  ///< A whole state came since the last commit.
  std::vector<std::unique_ptr<sys::Watcher>> watchers_;
};

}  // namespace hitless::app
