#pragma once

#include <string>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/policy/book.h"

/// The table that enforces NetworkPolicies. Its rules are made of the policies alone; what pods add
/// are elements. In a packet's order, where it is forwarded:
///
/// - egress: connections that bear the mark of a verdict pass at once. Others are looked at by
///   where they began and where they really went, whatever direction this packet goes in: a
///   verdict map leads the address of an isolated pod of this node to the chain of those that the
///   same policies isolate, that to the chains of the policies, and what none of these accepts is
///   denied;
/// - ingress: the same for the other end; what passes is marked. Where there are policies, what
///   goes to an address of this node's pods that no pod has is dropped: it must not wait for one.
///
/// Base chains of one hook see a packet one after the other, so that "accept" of a policy ends its
/// direction only. Taking the mark away has a connection judged anew (conntrack/labels.h).
/// Connections to and from the node itself do not pass here: a node is never kept from its pods,
/// nor they from it, unless PolicyTableOptions::judgeOwnNode.
namespace hitless::rules {

struct PolicyTableOptions {
  /// What is denied is answered (TCP: a reset, else ICMP "administratively prohibited"), so that
  /// clients do not wait; else dropped. Either way, what comes from or goes to an address of the
  /// pod networks that no pod is known to have is dropped: it asks again, and is known by then.
  bool reject = true;
  /// Judges what a pod sends to its own node.
  bool judgeOwnNode = false;
  /// Networks of pods besides those that Nodes have.
  std::vector<Cidr> podNetworks = {};
  bool operator==(const PolicyTableOptions&) const = default;
};

/// Where pods' addresses are taken from.
struct PodNetworks {
  std::vector<Cidr> all;
  std::vector<Cidr> own;  ///< Of this node.
};

/// Table, chains and sets, without what pods add.
nft::Ruleset policyFrame(const policy::Policies& policies, const PodNetworks& networks,
                         const PolicyTableOptions& options);

/// The elements of a holder's address. Sets that `out` lacks are left without definition.
void addHolder(nft::Ruleset& out, const IpAddress& address, const policy::Holder& holder);

/// The chains that isolate a holder's address; a frame has those that selectors alone imply.
std::vector<nft::Chain> isolationsOf(const IpAddress& address, const policy::Holder& holder);

}  // namespace hitless::rules
