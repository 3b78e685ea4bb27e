#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "core/kube/objects.h"
#include "core/policy/selector.h"
#include "core/service/model.h"

/// NetworkPolicies (networking.k8s.io/v1) and the pods that they are about, as values from which
/// verdicts and rules are made. What selects is comparable, so that equal peers of different
/// policies can be one set.
namespace hitless::policy {

using service::Protocol;

/// Every namespace has it, and nothing can change it (KEP-2161).
inline constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

/// As the pod sees it that a policy selects.
enum class Direction : std::uint8_t { kIngress, kEgress };
std::string_view name(Direction direction);

/// Pods by their labels.
struct PodSelector {
  std::string ns;       ///< The only namespace; empty: those that `namespaces` selects.
  Selector namespaces;  ///< Selects everything where `ns` is given.
  Selector pods;
  auto operator<=>(const PodSelector&) const = default;
};

/// The addresses of a network but those of the excepted ones, all without host bits. Each block
/// stands for itself: what one leaves out another may hold.
struct IpBlock {
  Cidr cidr;
  std::vector<Cidr> except;  ///< Sorted.
  bool contains(const IpAddress& address) const;
  auto operator<=>(const IpBlock&) const = default;
};

using Peer = std::variant<PodSelector, IpBlock>;

/// All ports of the protocol.
struct AllPorts {
  auto operator<=>(const AllPorts&) const = default;
};
/// Both ends included.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  auto operator<=>(const PortRange&) const = default;
};
/// Whatever number the pod that is connected to gives to this name.
struct PortName {
  std::string name;
  auto operator<=>(const PortName&) const = default;
};

struct PortMatch {
  Protocol protocol = Protocol::kTcp;
  std::variant<AllPorts, PortRange, PortName> port;
  auto operator<=>(const PortMatch&) const = default;
};

/// One element of `ingress` or `egress`. No list stands for anything, a list for what is in it,
/// so that an entry that cannot be understood never widens the rule.
struct Rule {
  std::optional<std::vector<Peer>> peers;
  std::optional<std::vector<PortMatch>> ports;
  bool operator==(const Rule&) const = default;
};

/// The rules of one direction; none: nothing is allowed.
using Rules = std::vector<Rule>;

/// A policy has its two directions apart: what one allows never counts for the other.
struct Policy {
  std::string ns;
  std::string name;
  Selector pods;
  std::optional<Rules> ingress;  ///< Not set: the policy is not about this direction.
  std::optional<Rules> egress;

  const std::optional<Rules>& rules(Direction direction) const {
    return direction == Direction::kIngress ? ingress : egress;
  }
  std::string text() const { return ns + "/" + name; }
  bool operator==(const Policy&) const = default;
};
/// Takes objects without the API server's defaults too.
Policy policyOf(const kube::json::object& object);

/// The labels of pods that any selector asks about.
LabelKeys podLabelKeys(const std::vector<Policy>& policies);

struct NamedPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  bool operator==(const NamedPort&) const = default;
};

struct Pod {
  std::string ns;
  std::string name;
  std::string uid;
  std::string node;  ///< Empty: not scheduled.
  kube::Labels labels;
  std::vector<IpAddress> ips;
  std::vector<NamedPort> ports;
  bool hostNetwork = false;
  bool finished = false;     ///< Succeeded or Failed: the address may be another pod's by now.
  bool terminating = false;  ///< Keeps its address and everything else until it is gone.
  WallTime created{};        ///< metadata.creationTimestamp

  /// Whether policies can be about it, and selectors find it: not with the node's addresses, which
  /// say nothing about the pod, nor without an address of its own any more.
  bool selectable() const { return !hostNetwork && !finished; }
  /// The number of a named port; nullopt if it has none.
  std::optional<std::uint16_t> portNamed(std::string_view name, Protocol protocol) const;
  bool names(std::uint16_t port, std::string_view name, Protocol protocol) const;
  std::string text() const { return ns + "/" + name; }
  bool operator==(const Pod&) const = default;
};
Pod podFrom(const kube::Pod& pod);

/// Whether an address that both pods are listed with is the first one's rather: one that goes may
/// still be listed with an address that a new pod has already, and so may one whose node is slow to
/// say that it has ended.
bool outranks(const Pod& a, const Pod& b);

}  // namespace hitless::policy
