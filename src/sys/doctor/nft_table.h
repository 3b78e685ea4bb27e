#pragma once

#include <memory>
#include <set>
#include <string>

#include "core/doctor/action.h"
#include "core/doctor/nft/place_edits.h"
#include "sys/netlink/socket.h"

/// Reading what a repair must know of a table.
namespace hitless::sys {

nft::ChainPlace chainPlace(const doctor::TablePlace& place, const std::string& chain);

/// The chains of a table, and the rules of those in `wanted`, or of all if it is empty.
/// kUnsupported: a chain has more rules than can be looked at (20,000).
Result<std::shared_ptr<const nft::TableRules>> readTable(NetlinkSocket& socket,
                                                         const doctor::TablePlace& place,
                                                         const std::set<std::string>& wanted);

/// kPermission: a process has the table for itself, so that the kernel refuses what we want.
Status expectFree(NetlinkSocket& socket, const doctor::TablePlace& place);

}  // namespace hitless::sys
