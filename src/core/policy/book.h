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
#include "core/policy/evaluate.h"
#include "core/policy/policies.h"
#include "core/watch/update.h"

/// What a node knows of the cluster's policies and pods, kept up to date at a cost that follows the
/// news, not the cluster.
namespace hitless::policy {

/// What a container runtime says of a pod of this node that is about to start.
struct Claim {
  std::string ns;
  std::string name;
  std::string uid;  ///< Empty: not told, any pod of that name is meant.
  std::vector<IpAddress> addresses;
  std::string pod() const { return ns + "/" + name; }
};

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

  void applyPolicies(const watch::Update& update);
  void applyNamespaces(const watch::Update& update);
  void applyPods(const watch::Update& update);
  void applyNodes(const watch::Update& update);
  /// Whether all of these have come.
  bool complete() const { return policiesSeen_ && namespacesSeen_ && podsSeen_ && nodesSeen_; }

  /// Until it is released, the pod has the addresses, whatever objects say. A later claim of the
  /// same pod, or for the same address, takes its place.
  void claim(Claim claim);
  /// Does nothing if another sandbox of that name has claimed since.
  void release(const std::string& pod, const std::string& uid);
  /// nullptr if there is none.
  const Claim* claimOf(const std::string& pod) const;
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
  /// Pods of a namespace that are the same to all selectors.
  struct Slot {
    std::string ns;
    kube::Labels labels;
    std::shared_ptr<const PodClass> cls;
    bool changed = false;
  };
  struct Entry {
    Pod pod;
    std::shared_ptr<Slot> slot;  ///< nullptr: not looked at since it changed.
  };
  using Slots = std::map<std::pair<std::string, kube::Labels>, std::shared_ptr<Slot>>;
  using Pods = std::unordered_map<std::string, Entry>;

  void setPod(Pod pod);
  void removePod(const std::string& uid);
  void forget(const Entry& entry);
  /// The last one to leave takes it away.
  void leaveSlot(Entry& entry);
  const kube::Labels& labelsOf(const std::string& ns);
  std::shared_ptr<const PodClass> classOf(const Slot& slot);
  std::shared_ptr<Slot> slotOf(const Pod& pod);
  void refreshPolicies();
  void refreshSlots(const std::set<std::string>* namespaces);
  void touch(const Entry& entry);
  Holder holderOf(const Entry& entry, bool claimed) const;
  const Entry* entryOf(const Claim& claim) const;
  const Claim* claimBy(const Entry& entry) const;
  const Claim* claimOn(const IpAddress& address) const;
  const Entry* bestAt(const IpAddress& address) const;

  std::string node_;
  Policies policies_;
  std::map<std::string, kube::Labels, std::less<>> namespaces_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, std::vector<Cidr>> networksOf_;  ///< By node.
  std::vector<Cidr> podNetworks_;
  Pods pods_;                                           ///< By UID.
  std::unordered_map<std::string, std::string> uidOf_;  ///< By "namespace/name".
  Slots slots_;
  std::unordered_map<IpAddress, std::set<std::string>, IpAddressHash> podsAt_;
  std::map<std::string, Claim> claims_;  ///< By "namespace/name".
  std::unordered_map<IpAddress, std::string, IpAddressHash> claimedBy_;

  News news_;
  std::set<std::string> changedNamespaces_;
  std::set<std::string> unclassed_;  ///< UIDs of pods without a slot.
  bool policiesSeen_ = false;
  bool namespacesSeen_ = false;
  bool podsSeen_ = false;
  bool nodesSeen_ = false;
};

}  // namespace hitless::policy
