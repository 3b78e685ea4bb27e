#pragma once

#include <string>
#include <string_view>

#include "core/netlink/message.h"

namespace hitless::nft {

/// Of `immediate` with a verdict and of `log` with a group: "-j ACCEPT", "-g CHAIN", "-j NFLOG
/// ...". Empty if iptables has no word for it.
std::string nativeTarget(std::string_view expression, const netlink::Attributes& data);
/// "-m limit --limit 5/min"; empty of limits that iptables does not have.
std::string limitText(const netlink::Attributes& data);
/// A hint at any other expression.
std::string foreignText(std::string_view expression, const netlink::Attributes& data);

}  // namespace hitless::nft
