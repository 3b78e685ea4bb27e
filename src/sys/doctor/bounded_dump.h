#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"
#include "core/netlink/message.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// What a reader of a dump wants next.
enum class More { kYes, kEnough };

/// Sends a dump request and hands the answers over until there are no more or `onMessage` has
/// enough. True if all were there. After kEnough the rest of the dump is still in the socket, which
/// is fit for nothing but being closed. A dump that the kernel calls inconsistent, because things
/// changed meanwhile, is good enough to look at.
Result<bool> dumpUpTo(NetlinkSocket& socket, netlink::ByteView request, std::string_view what,
                      const std::function<More(const netlink::Message&)>& onMessage);

}  // namespace hitless::sys
