#pragma once

#include <cstdint>

#include "core/departed/directions.h"
#include "core/departed/options.h"
#include "core/nft/ruleset.h"

namespace hitless::rules {

struct DepartedTableOptions {
  departed::Options times = {};
  /// Copies of the SYNs that wait go to this nfnetlink_log group.
  std::uint16_t logGroup = 5300;
  /// The whole mark of packets that we send in a peer's name and that nobody is to track.
  std::uint32_t untrackedMark = 0x20;
  /// The urgent pointer of SYNs that rules have translated, and of the SYN-ACKs of connections that
  /// the pod's node has led elsewhere. The same on all nodes.
  std::uint16_t translatedSign = 0x686c;
  /// How long the kernel leads connections elsewhere without being told so again: one that did not
  /// know that the address is another pod's by now would lead them astray.
  nanoseconds secondChanceTerm = seconds(60);
  /// By how much longer the kernel keeps an element than we do.
  nanoseconds margin = seconds(30);
  bool operator==(const DepartedTableOptions&) const = default;
};

/// The table for the addresses of pods that go. Its rules are always the same; what changes are
/// elements, and the kernel removes them by itself some time after we would have: an agent that has
/// died leaves nothing for long. In a packet's order:
///
/// - before connection tracking: a SYN to a parked address is copied to the agent and dropped, so
///   that nothing remembers it;
/// - destination NAT: a new connection that another node has translated to a pod of this node that
///   goes gets its second chance (second_chance_rules.h);
/// - a new connection to a forwarded address goes to its new place, with the node's address as its
///   source unless it is a pod of this node, so that answers come back here;
/// - filter: what still goes to an address at which nobody is, as a client sends it, is answered.
///   Answers to a pod that has the address now, and has connected to somebody, are not, nor is what
///   the pod's node has led elsewhere;
/// - SYNs that this node has translated are signed for the next.
nft::Ruleset departedTable(const departed::Directions& directions,
                           const DepartedTableOptions& options);

/// What such a table says. What it does not have is left out.
departed::Directions directionsOf(const nft::Ruleset& table);

}  // namespace hitless::rules
