#pragma once

#include <cstdint>
#include <string>

#include "core/netlink/message.h"

/// What nf_tables keeps with an object for user space.
namespace hitless::nft {

/// A comment in the type-length-value form that nft shares between its objects.
void encodeComment(netlink::Writer& writer, std::uint16_t attribute, std::uint8_t tag,
                   const std::string& comment);
std::string decodeComment(netlink::ByteView userdata, std::uint8_t tag);

/// The tags of comments in user data (libnftnl's udata.h is the only definition).
inline constexpr std::uint8_t kCommentTag = 0;     ///< Tables, chains, rules, elements.
inline constexpr std::uint8_t kSetCommentTag = 7;  ///< Sets.

}  // namespace hitless::nft
