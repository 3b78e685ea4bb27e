#pragma once

#include <string>
#include <vector>

#include "core/doctor/action.h"
#include "core/doctor/nft/place_edits.h"
#include "sys/netlink/socket.h"

/// What repairs of nf_tables would change, with numbers: lines for Repairer::plan().
namespace hitless::sys {

/// Looks at the first thousands of rules only.
Result<std::vector<std::string>> planDedupe(NetlinkSocket& socket,
                                            const doctor::DedupeChain& action);
Result<std::vector<std::string>> planDelete(const nft::TableRules& rules,
                                            const doctor::DeleteChains& action);

}  // namespace hitless::sys
