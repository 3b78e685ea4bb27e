#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/doctor/evidence.h"

namespace hitless::doctor {

/// Where the CNI plugin host-local notes whose address is whose: a file for each, named after the
/// address, which holds the id of the sandbox.
inline constexpr std::string_view kCniLeases = "var/lib/cni/networks/*/*";

struct CniLease {
  std::string file;  ///< "/var/lib/cni/networks/cbr0/10.42.0.7"
  IpAddress address;
  std::string sandbox;
};

/// Without the plugin's own files (lock, last_reserved_ip).
std::vector<CniLease> cniLeases(const Evidence& evidence);

}  // namespace hitless::doctor
