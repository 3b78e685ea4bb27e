#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip_hash.h"
#include "core/dns/name.h"
#include "core/watch/update.h"

namespace hitless::dns {

/// The pods of this node, by the address that their queries come from. A node knows them all and
/// sees where a packet really comes from, so no other pod's search list can be taken for theirs.
class Clients {
 public:
  /// `node`: the search list that kubelet appends to the cluster's, from the node's resolv.conf.
  Clients(Name zone, std::vector<Name> node) : zone_(std::move(zone)), node_(std::move(node)) {}

  /// News of the pods of this node.
  void apply(const watch::Update& pods);

  /// The asker's search list: NAMESPACE.svc.ZONE, svc.ZONE, ZONE and the node's. nullptr if it is
  /// no pod of this node, or has a search list of another form (host network, dnsPolicy,
  /// dnsConfig).
  const std::vector<Name>* searchOf(const IpAddress& client) const;
  std::size_t size() const { return byAddress_.size(); }

 private:
  using Search = std::shared_ptr<const std::vector<Name>>;

  void forget(const std::string& uid);
  void remember(const std::string& uid, const kube::json::object& pod);
  Search searchFor(const std::string& ns);

  Name zone_;
  std::vector<Name> node_;
  struct Pod {
    std::string uid;
    Search search;
  };
  std::unordered_map<IpAddress, Pod, IpAddressHash> byAddress_;
  std::map<std::string, std::vector<IpAddress>> byUid_;
  std::map<std::string, std::weak_ptr<const std::vector<Name>>> byNamespace_;
};

}  // namespace hitless::dns
