#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "core/conntrack/flow.h"

/// What can be done to a node, as values. A Repairer (repairer.h) carries them out; all actions on
/// one place (placeOf()) are one transaction.
namespace hitless::doctor {

enum class Backend { kNft, kLegacy };

/// A table of iptables: "ip"/"ip6", and "filter", "nat" ...
struct TablePlace {
  Backend backend = Backend::kNft;
  IpFamily family = IpFamily::kV4;
  std::string table;
  /// "ip filter (nft)"
  std::string text() const;
  auto operator<=>(const TablePlace&) const = default;
};

/// Keeps the first of each rule of a chain that cannot decide anything any more when it comes
/// again, and takes its repetitions out.
struct DedupeChain {
  TablePlace place;
  /// Empty: every chain of the table, of a legacy table that is too large to be walked for
  /// evidence.
  std::string chain;
  bool operator==(const DedupeChain&) const = default;
};

/// Empties and deletes chains, after the rules that lead to them from chains which stay.
struct DeleteChains {
  TablePlace place;
  std::vector<std::string> chains;
  bool operator==(const DeleteChains&) const = default;
};

/// Puts in a rule that is missing.
struct InsertRule {
  TablePlace place;
  std::string chain;
  /// As iptables-save spells it behind "-A CHAIN ". Of what repairs need: -j or -g to a chain of
  /// the table or ACCEPT, with -s, -d, -i, -o, a comment, a mark, an address type (addrtype) and
  /// connection states (conntrack --ctstate).
  std::string rule;
  bool first = true;  ///< At the chain's beginning, else at its end.
  bool operator==(const InsertRule&) const = default;
};

struct DestroyIpSets {
  std::vector<std::string> sets;
  bool operator==(const DestroyIpSets&) const = default;
};

/// Deletes entries of the connection table, by original tuples.
struct DeleteFlows {
  std::vector<conntrack::Tuple> flows;
  bool operator==(const DeleteFlows&) const = default;
};

/// Until the next boot; Finding::remedy says how it lasts.
struct WriteSysctl {
  std::string name;  ///< "net/ipv4/ip_forward": the path below /proc/sys.
  std::string value;
  bool operator==(const WriteSysctl&) const = default;
};

using Action =
    std::variant<DedupeChain, DeleteChains, InsertRule, DestroyIpSets, DeleteFlows, WriteSysctl>;

/// "take repetitions out of ip filter KUBE-ROUTER-INPUT (nft)": for a plan.
std::string describe(const Action& action);

}  // namespace hitless::doctor
