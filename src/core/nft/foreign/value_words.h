#pragma once

#include <cstdint>
#include <string>

#include "core/nft/foreign/comparison_words.h"
#include "core/nft/foreign/registers.h"

/// Values of comparisons as iptables-save spells them.
namespace hitless::nft {

/// "10.0.0.0/8": an address of `size` bytes of which the first were loaded, all or what the mask
/// leaves.
std::string networkText(const Source& source, netlink::ByteView value, std::size_t size);
/// "80" or "80:90"; empty if it is none.
std::string portsText(const Comparison& comparison);
/// iptables says "not up to 80" where the kernel says "more than 80".
bool portsNegated(std::uint32_t op);
/// "FIN,SYN" or "NONE"
std::string flagNames(std::uint8_t flags);
/// Interface names end with NUL; without it all names that begin so are meant.
std::string interfaceText(netlink::ByteView bytes);
/// The first four bytes in host byte order.
std::uint32_t hostNumber(netlink::ByteView bytes);

}  // namespace hitless::nft
