#pragma once

#include <string_view>

/// The names of evidence that is no file of the node: what each holds, and who reads it there.
namespace hitless::doctor::names {

/// Every chain of nf_tables with its use count: nft_chains.h.
inline constexpr std::string_view kNftChains = "kernel/nft/chains.json";
/// The rules of iptables-nft's own tables (ip and ip6: raw, mangle, nat, filter, security), as
/// iptables-save spells them, bounded: of a chain with more rules than were read the file says
/// "# unread CHAIN COUNT" (core/iptables/dump.h).
inline constexpr std::string_view kNftRules4 = "kernel/nft/ip.save";
inline constexpr std::string_view kNftRules6 = "kernel/nft/ip6.save";
/// The same for the legacy back-end, of the tables that exist; a table that is too large to be
/// walked is named only in kLegacyTables.
inline constexpr std::string_view kLegacyRules4 = "kernel/legacy/ip.save";
inline constexpr std::string_view kLegacyRules6 = "kernel/legacy/ip6.save";
/// Entries and bytes of each legacy table: legacy_tables.h.
inline constexpr std::string_view kLegacyTables = "kernel/legacy/tables.json";
/// The file of iptables-legacy's lock as proc/locks names it: "00:1a:1234" (xtables_lock.h).
inline constexpr std::string_view kXtablesLock = "kernel/xtables-lock";
/// The ruleset's generation, and who changed it while we looked: nft_changes.h.
inline constexpr std::string_view kNftChanges = "kernel/nft/changes.json";
/// Processes without their arguments, but for those of packet filter tools: processes.h.
inline constexpr std::string_view kProcesses = "kernel/processes.json";
/// Which iptables binaries there are, their versions, and whether each recognises what the others
/// write: iptables_binaries.h.
inline constexpr std::string_view kIptablesBinaries = "kernel/iptables-binaries.json";
/// The connection table, bounded, in the order of the kernel: flows.h.
inline constexpr std::string_view kFlows = "kernel/conntrack.json";
/// Interfaces, addresses, routes and neighbours in numbers: links.h.
inline constexpr std::string_view kLinks = "kernel/links.json";
/// IP sets with their headers, without members: ip_sets.h.
inline constexpr std::string_view kIpSets = "kernel/ipset.json";
/// What a round trip through this node's rules takes, and through none: round_trip.h.
inline constexpr std::string_view kRoundTrip = "kernel/round-trip.json";

}  // namespace hitless::doctor::names
