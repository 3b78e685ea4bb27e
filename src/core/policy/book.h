#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_hash.h"
#include "core/policy/claims.h"
#include "core/policy/evaluate.h"
#include "core/policy/pod_classes.h"
#include "core/watch/update.h"

/// What a node knows of the cluster's policies and pods, kept up to date at a cost that follows the
/// news, not the cluster.
namespace hitless::policy {

/// The pod that has an address of its own, as far as rules depend on it.
struct Holder {
  std::string pod;  ///< "namespace/name"
  std::string uid;
  bool local = false;                   ///< On this node.
  bool claimed = false;                 ///< The runtime has said so, before the pod's first packet.
  std::shared_ptr<const PodClass> cls;  ///< nullptr: claimed by a pod that nobody has told of yet.
  std::vector<NamedPort> ports;         ///< Those with a name that some rule asks for.

  bool isolated() const { return local && (cls == nullptr || cls->isolated()); }
  bool operator==(const Holder& other) const;
};

class Book {
 public:
  /// `node` is the name of the node that it is kept on.
  explicit Book(std::string node) : node_(std::move(node)) {}
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  void applyPolicies(const watch::Update& update);
  void applyNamespaces(const watch::Update& update);
  void applyPods(const watch::Update& update);
  void applyNodes(const watch::Update& update);
  /// Whether all of these have come.
  bool complete() const { return policiesSeen_ && namespacesSeen_ && podsSeen_ && nodesSeen_; }

  /// Until it is released, the pod has the addresses, whatever objects say (claims.h).
  void claim(Claim claim) { touch(claims_.add(std::move(claim))); }
  void release(const std::string& pod, const std::string& uid) { touch(claims_.remove(pod, uid)); }
  const Claim* claimOf(const std::string& pod) const { return claims_.of(pod); }
  /// Whether the pod that a claim is about has been told of.
  bool knows(const Claim& claim) const { return entryOf(claim) != nullptr; }

  /// What may be different since the last call.
  struct News {
    std::set<PolicyKey> policies;  ///< Those that came, went or changed.
    bool networks = false;         ///< podNetworks(), ownNetworks()
    std::set<IpAddress> addresses;
  };
  /// Must be called after changes and before anything below.
  News take();

  const Policies& policies() const { return policies_; }
  /// nullopt if no pod has the address of its own.
  std::optional<Holder> holder(const IpAddress& address) const;
  /// All addresses that may have a holder.
  std::set<IpAddress> addresses() const;
  /// The networks that nodes take pods' addresses from.
  const std::vector<Cidr>& podNetworks() const { return podNetworks_; }
  /// Those of this node.
  std::vector<Cidr> ownNetworks() const;
  /// The same as a value, for evaluate.h; claimed addresses are their pods'.
  State state() const;

 private:
  struct Entry {
    Pod pod;
    PodClasses::Ref slot;  ///< nullptr: not looked at since it changed.
  };
  using Pods = std::unordered_map<std::string, Entry>;

  void setPod(Pod pod);
  void removePod(const std::string& uid);
  void forget(const Entry& entry);
  void refreshPolicies();
  void touchChanged();
  void touch(const Entry& entry);
  void touch(const std::set<IpAddress>& addresses) {
    news_.addresses.insert(addresses.begin(), addresses.end());
  }
  Holder holderOf(const Entry& entry, bool claimed) const;
  const Entry* entryOf(const Claim& claim) const;
  const Claim* claimBy(const Entry& entry) const;
  bool claimedByAnother(const IpAddress& address, const Entry& entry) const;
  const Entry* bestAt(const IpAddress& address) const;

  std::string node_;
  Policies policies_;
  PodClasses classes_{policies_};
  std::map<std::string, Node> nodes_;
  std::map<std::string, std::vector<Cidr>> networksOf_;  ///< By node.
  std::vector<Cidr> podNetworks_;
  Pods pods_;                                           ///< By UID.
  std::unordered_map<std::string, std::string> uidOf_;  ///< By "namespace/name".
  std::unordered_map<IpAddress, std::set<std::string>, IpAddressHash> podsAt_;
  Claims claims_;

  News news_;
  std::set<std::string> unclassed_;  ///< UIDs of pods without a slot.
  bool policiesSeen_ = false;
  bool namespacesSeen_ = false;
  bool podsSeen_ = false;
  bool nodesSeen_ = false;
};

}  // namespace hitless::policy
