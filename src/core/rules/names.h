#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"

/// Every name in our tables, as `nft list ruleset` shows it. Maps, sets and chains that hold
/// addresses exist once per address family and carry its suffix.
///
/// A *service port* here is what a packet is addressed to: address . protocol . port, or for a node
/// port protocol . port at one of the node's addresses.
namespace hitless::rules::names {

inline constexpr std::string_view kTable = "hitless";

// Base chains are named after what they do at their hook.
inline constexpr std::string_view kFilterPrerouting = "filter-prerouting";
inline constexpr std::string_view kFilterOutputBeforeNat = "filter-output-before-nat";
inline constexpr std::string_view kNatPrerouting = "nat-prerouting";
inline constexpr std::string_view kNatOutput = "nat-output";
inline constexpr std::string_view kNatPostrouting = "nat-postrouting";
inline constexpr std::string_view kFilterInput = "filter-input";
inline constexpr std::string_view kFilterForward = "filter-forward";
inline constexpr std::string_view kFilterOutput = "filter-output";

/// Chain: what no endpoint took.
inline constexpr std::string_view kUnserved = "unserved";
/// Chain: which translated connections leave with the node's address.
inline constexpr std::string_view kMasquerade = "masquerade";
/// Chains: note which endpoint a client got, for session affinity.
inline constexpr std::string_view kRemember = "remember";
inline constexpr std::string_view kRememberFromNode = "remember-from-node";

inline std::string suffixed(std::string_view stem, IpFamily family) {
  return fmt::format("{}-{}", stem, family == IpFamily::kV4 ? "v4" : "v6");
}

// Maps: service port . slot -> endpoint address . port. The slots of a service port are filled from
// 0 on without gaps.
inline constexpr std::string_view kServiceEndpoints = "service-endpoints";
inline constexpr std::string_view kNodePortEndpoints = "node-port-endpoints";
// Verdict maps: service port . view -> chain of that service.
inline constexpr std::string_view kAffinity = "session-affinity";
inline constexpr std::string_view kNodePortAffinity = "session-affinity-node-ports";
inline constexpr std::string_view kRemembered = "remember-affinity";
inline constexpr std::string_view kNodePortRemembered = "remember-affinity-node-ports";
/// Verdict map: service port at a load balancer's IP -> chain with the sources that may use it.
inline constexpr std::string_view kFirewall = "source-ranges";

// Sets of addresses.
inline constexpr std::string_view kClusterIps = "cluster-ips";
inline constexpr std::string_view kNodePortAddresses = "node-port-addresses";
/// Pairs: address . address of each endpoint on this node.
inline constexpr std::string_view kHairpin = "hairpin";

// Sets of service ports outside the cluster's own range, by externalTrafficPolicy.
inline constexpr std::string_view kExternalCluster = "external-cluster";
inline constexpr std::string_view kExternalLocal = "external-local";
inline constexpr std::string_view kNodePortsCluster = "node-ports-cluster";
inline constexpr std::string_view kNodePortsLocal = "node-ports-local";
// Sets of service ports without an endpoint.
inline constexpr std::string_view kNoEndpoint = "no-endpoint";
inline constexpr std::string_view kNodePortNoEndpoint = "no-endpoint-node-ports";
inline constexpr std::string_view kNoLocalEndpoint = "no-local-endpoint";
inline constexpr std::string_view kNodePortNoLocalEndpoint = "no-local-endpoint-node-ports";

// The table that leads queries to the name server of this node (resolver_table.h).
inline constexpr std::string_view kResolverTable = "hitless-dns";
inline constexpr std::string_view kRawPrerouting = "raw-prerouting";
inline constexpr std::string_view kRawOutput = "raw-output";
/// Sets: address . protocol . port that the name server answers at.
inline constexpr std::string_view kResolvers = "resolvers";

// The table for the addresses of pods that go (departed_table.h); also with kRawPrerouting,
// kRawOutput, kNatPrerouting, kNatOutput, kNatPostrouting, kFilterInput, kFilterForward and
// kFilterOutput.
inline constexpr std::string_view kDepartedTable = "hitless-departed";
/// Sets of addresses to which new connections wait: those of pods, those of the node's processes.
inline constexpr std::string_view kParked = "parked";
inline constexpr std::string_view kParkedFromNode = "parked-from-node";
/// Map: address -> the address of the pod that has taken its place.
inline constexpr std::string_view kForwarded = "forwarded";
/// Sets of addresses at which nobody is: for pods, for the node's processes.
inline constexpr std::string_view kGone = "gone";
inline constexpr std::string_view kGoneFromNode = "gone-from-node";
/// Map: address . protocol . port of a pod of this node -> address . port of another endpoint.
inline constexpr std::string_view kSecondChance = "second-chance";
/// Chain: the signs on SYNs and SYN-ACKs by which nodes tell each other what they have translated.
inline constexpr std::string_view kSynSigns = "syn-signs";
/// Set: the addresses of this node's pods.
inline constexpr std::string_view kOwnPods = "own-pods";

// The table in a pod's own network that leads its connections to its proxy (proxy_table.h); also
// with kNatPrerouting and kNatOutput.
inline constexpr std::string_view kProxyTable = "hitless-proxy";
/// Sets of ports: of connections to the pod, of those that it makes.
inline constexpr std::string_view kInboundPorts = "inbound-ports";
inline constexpr std::string_view kInboundExcluded = "inbound-excluded";
inline constexpr std::string_view kOutboundPorts = "outbound-ports";
inline constexpr std::string_view kOutboundExcluded = "outbound-excluded";

// The table of the NetworkPolicies (policy_table.h). Chains of one policy are named after it,
// "ingress-v4-shop/db"; those of pods that the same policies isolate, and sets, after a digest.
inline constexpr std::string_view kPolicyTable = "hitless-policy";
/// Base chains.
inline constexpr std::string_view kPolicyEgress = "policy-egress";
inline constexpr std::string_view kPolicyIngress = "policy-ingress";
inline constexpr std::string_view kPolicyOwnNode = "policy-own-node";
/// Chains for what connection tracking does not know.
inline constexpr std::string_view kUntrackedEgress = "untracked-egress";
inline constexpr std::string_view kUntrackedIngress = "untracked-ingress";
/// Chain: what no rule of the policies allows.
inline constexpr std::string_view kDeny = "deny";
/// Chain: a pod that nobody has told of yet.
inline constexpr std::string_view kUnknownPod = "unknown-pod";
/// Verdict maps: address of an isolated pod of this node -> chain.
inline constexpr std::string_view kIsolatedEgress = "isolated-egress";
inline constexpr std::string_view kIsolatedIngress = "isolated-ingress";
/// Sets: the addresses of all pods; pairs address . address of each isolated pod of this node; the
/// networks that pods' addresses are taken from, on all nodes and on this one.
inline constexpr std::string_view kAllPods = "all-pods";
inline constexpr std::string_view kItself = "itself";
inline constexpr std::string_view kPodNetworks = "pod-networks";
inline constexpr std::string_view kOwnPodNetworks = "own-pod-networks";

}  // namespace hitless::rules::names
