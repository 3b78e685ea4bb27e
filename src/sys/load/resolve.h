#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "base/ip.h"

namespace hitless::sys {

/// The address of a host: an address written out, else one of `names`, else what the system's
/// resolver says (IPv4 first).
Result<IpAddress> resolveHost(const std::string& host,
                              const std::map<std::string, IpAddress>& names);

}  // namespace hitless::sys
