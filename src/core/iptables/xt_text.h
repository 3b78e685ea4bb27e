#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "core/netlink/message.h"

/// Matches and targets in the kernel's binary form (linux/netfilter/xt_*.h), in the words of
/// iptables-save. The legacy tables have them, and so have iptables-nft's rules ("compat").
namespace hitless::iptables {

/// IP sets by their number in the kernel, by which rules name them.
using SetNames = std::map<std::uint16_t, std::string>;

/// "-m tcp --dport 80", without leading or trailing blanks. What is not known, or not in this
/// revision, keeps its bytes: `-m NAME --xt-info REVISION:HEX`.
std::string matchText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                      IpFamily family, const SetNames* sets = nullptr);
/// "-j DNAT --to-destination 10.0.0.1:80"; of what is not known `-j NAME --xt-info REVISION:HEX`.
std::string targetText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                       IpFamily family, const SetNames* sets = nullptr);
/// As iptables-save quotes: in double quotes where the text has anything but letters, digits and
/// "_-", with a backslash before quotes and backslashes.
std::string quoted(std::string_view text);

}  // namespace hitless::iptables
