#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "core/netlink/message.h"

/// Matches and targets in the kernel's binary form (linux/netfilter/xt_*.h), in the words of
/// iptables-save. The legacy tables have them, and so have iptables-nft's rules ("compat").
namespace hitless::iptables {

/// "-m tcp --dport 80", without leading or trailing blanks. What is not known, or not in this
/// revision, keeps its bytes: `-m NAME --xt-info REVISION:HEX`.
std::string matchText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                      IpFamily family);
/// "-j DNAT --to-destination 10.0.0.1:80"; of what is not known `-j NAME --xt-info REVISION:HEX`.
std::string targetText(std::string_view name, std::uint8_t revision, netlink::ByteView info,
                       IpFamily family);
/// As iptables-save quotes: in double quotes where the text has anything but letters, digits and
/// "_-./:,".
std::string quoted(std::string_view text);

}  // namespace hitless::iptables
