#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/agent/address_keeper.h"
#include "app/agent/name_publisher.h"
#include "base/error.h"
#include "core/rules/programmer.h"
#include "core/service/departures.h"
#include "core/service/snapshot.h"
#include "core/watch/update.h"

namespace hitless::app {

struct PlaneOptions {
  std::string node;  ///< This node's name.
  /// Which services this proxy serves: the value of label service.kubernetes.io/service-proxy-name.
  std::string proxyName = {};
  /// How pods are told from others. Mode kNetworks without networks: spec.podCIDRs of the own Node.
  rules::LocalDetector pods = {};
  bool masqueradeAll = false;
  /// Node ports are served on the Node's InternalIPs (`primary`), and on the machine's addresses in
  /// these networks.
  bool primaryNodePorts = true;
  std::vector<Cidr> nodePortNetworks = {};
  /// How long the rules of a Service that is gone stay, because its name was told until then.
  nanoseconds linger{};
};

/// From the news of the cluster to the node's packet rules: the part of the loop between the
/// watches and the acknowledgement.
class ServicePlane {
 public:
  /// `names` and `addresses` may be nullptr.
  ServicePlane(nft::Dataplane& dataplane, PlaneOptions options, NamePublisher* names = nullptr,
               AddressKeeper* addresses = nullptr);

  void applyServices(const watch::Update& update);
  void applySlices(const watch::Update& update);
  /// This node's own. True if the rules depend on what changed.
  bool applyPods(const watch::Update& update) {
    return addresses_ != nullptr && addresses_->applyPods(update);
  }
  /// True if the rules depend on what changed.
  bool applyNodes(const watch::Update& update);
  /// True if the rules depend on what changed.
  bool applyServiceCidrs(const watch::Update& update);
  /// The addresses of the machine's interfaces. True if the rules depend on what changed.
  bool applyAddresses(std::vector<IpAddress> addresses);

  /// Makes the data plane agree with everything taken in so far. After an error, and when told to,
  /// it trusts nothing it knew of the data plane and reads it back.
  Result<rules::SyncReceipt> sync(MonoTime now);
  /// When a sync is due although nothing changed: rules that lingered go, an address has waited
  /// long enough.
  std::optional<MonoTime> deadline() const;
  /// What successful syncs have brought to the kernel since the last call.
  service::Changes takeApplied() { return std::exchange(applied_, {}); }
  void distrust();
  Status cleanup() { return programmer_.cleanup(); }

  /// What the rules are made from, for health checks and explanations.
  const service::Snapshot& snapshot() const { return builder_.current(); }
  const service::NodeView& node() const { return view_; }
  /// Where node ports are served; sorted, unique.
  std::vector<IpAddress> nodePortAddresses() const;

 private:
  void take(const service::Snapshot& before, service::Changes changes);
  bool configure();

  PlaneOptions options_;
  service::NodeView view_;
  rules::Options rules_;
  std::map<std::string, std::vector<Cidr>> serviceCidrs_;  ///< By the object's name.
  std::vector<IpAddress> machine_;                         ///< The machine's addresses.
  service::SnapshotBuilder builder_;
  service::Changes changes_;  ///< Since the last successful sync.
  service::Changes applied_;
  NamePublisher* names_;
  AddressKeeper* addresses_;
  service::Snapshot seen_;  ///< At the last sync.
  service::Departures departures_;
  rules::Programmer programmer_;
};

}  // namespace hitless::app
