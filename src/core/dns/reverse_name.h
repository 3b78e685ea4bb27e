#pragma once

#include <optional>
#include <string_view>

#include "base/ip.h"

namespace hitless::dns {

/// The address in a name of in-addr.arpa (RFC 1035 3.5) or ip6.arpa (RFC 3596 2.5), lower case wire
/// form; nullopt if it is none, or not a whole one.
std::optional<IpAddress> reverseAddress(std::string_view name);

}  // namespace hitless::dns
