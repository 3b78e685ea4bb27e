#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/nft/ruleset.h"

/// Follows one packet through a ruleset, as planned or as read back, and tells what becomes of it
/// and by which rules.
namespace hitless::nft {

/// What connection tracking knows of the packet's connection.
struct WalkConnection {
  std::uint32_t state = 0;   ///< One bit, NF_CT_STATE_BIT(): what `ct state` is.
  std::uint32_t status = 0;  ///< IPS_*
  bool reply = false;        ///< The packet goes against the connection's first one.
  IpAddress originalSource;
  IpAddress originalDestination;
  std::uint16_t originalDestinationPort = 0;
  IpAddress replySource;
  std::uint16_t replySourcePort = 0;
  Datum labels = Datum().labels({});
};

struct WalkPacket {
  IpFamily family = IpFamily::kV4;
  std::uint8_t protocol = 0;  ///< IPPROTO_*
  IpAddress source;
  IpAddress destination;
  std::uint16_t sourcePort = 0;
  std::uint16_t destinationPort = 0;
  bool fromOwnAddress = false;  ///< The source is an address of the machine with the rules.
  std::string inputInterface = {};
  std::string outputInterface = {};
  std::optional<std::uint32_t> socketUser = {};  ///< nullopt: it comes from elsewhere.
  std::uint32_t mark = 0;
  std::uint32_t priority = 0;
  /// nullopt: it has none, so that keys of connections, but the state, match nothing.
  std::optional<WalkConnection> connection = {};
  bool untracked = false;  ///< Without connection: it was kept from tracking; else it is invalid.
  std::uint8_t icmpType = 0;     ///< Of ICMP and ICMPv6, which have no ports.
  std::uint8_t tcpFlags = 0x02;  ///< Of TCP: TH_*
};

/// The first packet of a connection that nobody translates.
WalkPacket opening(std::uint8_t protocol, const IpAddress& source, std::uint16_t sourcePort,
                   const IpAddress& destination, std::uint16_t destinationPort);

/// An element that a rule found.
struct WalkHit {
  std::string set;
  std::string key;      ///< As nft spells it, the interval if it is one.
  std::string comment;  ///< The element's.
  bool operator==(const WalkHit&) const = default;
};

/// A rule that matched to its end, or that decided something.
struct WalkStep {
  std::string chain;
  std::size_t rule = 0;  ///< From 0.
  std::string comment;   ///< The rule's.
  std::vector<WalkHit> hits;
  /// Where the packet went on; nullopt: to the next rule. The map that said so is the last hit.
  std::optional<Verdict> verdict;
  bool operator==(const WalkStep&) const = default;
};

struct WalkOutcome {
  enum class Kind { kAccept, kDrop, kReject };
  Kind kind = Kind::kAccept;
  Reject::With with = Reject::With::kPortUnreachable;  ///< Of kReject.
  Datum addedLabels = Datum().labels({});              ///< Which rules put on the connection.
  std::uint32_t mark = 0;                              ///< The packet's in the end.
  /// In order. The last one decided, unless all base chains came to their ends.
  std::vector<WalkStep> steps;

  bool accepted() const { return kind == Kind::kAccept; }
};

/// Passes the base chains of a hook in the order of their priorities (of equal ones by name: the
/// kernel goes by when they were added). Accepting ends only the base chain in which it happens.
/// An error names a rule that the packet reaches and that cannot be followed: what rewrites
/// addresses, draws lots, or asks sets that packets fill.
Result<WalkOutcome> walk(const Ruleset& ruleset, HookPoint hook, const WalkPacket& packet);

/// "accept", "drop", "reject with tcp reset"
std::string render(const WalkOutcome& outcome);
/// A line for each step, with the rule as nft spells it:
/// "forward 2: ct original ip saddr vmap @egress-v4 [10.244.1.2 "default/web"] -> goto egress-1f"
std::vector<std::string> lines(const WalkOutcome& outcome, const Ruleset& ruleset);

}  // namespace hitless::nft
