#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"
#include "core/nft/foreign/raw_rule.h"
#include "core/nft/foreign/requests.h"

namespace hitless::nft {

/// The rule that iptables-nft 1.8 would write for a text of iptables-save behind "-A CHAIN ", as
/// far as repairs need it: -s, -d, -i, -o, -p, a comment, a mark, and as target ACCEPT, DROP,
/// RETURN or a chain of the table. kUnsupported: anything else.
Result<RawRule> buildRule(std::string_view text, const ChainPlace& place,
                          const std::function<bool(std::string_view)>& isChain);

}  // namespace hitless::nft
