#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/iptables/walk.h"

namespace hitless::app {

struct LiveDump {
  std::string source;  ///< "legacy" or "nft"
  iptables::Dump dump;
};

/// The rules of both back-ends of iptables in this network namespace, bounded; legacy first, which
/// is the order that the walk assumes where both have a chain at the same priority. What could not
/// be read is told in `notes`.
std::vector<LiveDump> liveDumps(IpFamily family, std::vector<std::string>& notes);

/// Through this network namespace's rules: iptables of both back-ends, and hitless's own tables.
/// Other tables of nf_tables that the packet passes are named in the notes. Fills in what the
/// kernel knows and the packet does not say: addresses, routes, interfaces.
Result<iptables::WalkResult> traceLive(iptables::Packet packet);

}  // namespace hitless::app
