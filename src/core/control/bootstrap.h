#pragma once

#include <optional>

#include "base/ip.h"
#include "core/control/registry.h"

namespace hitless::control {

struct BootstrapOptions {
  Cidr services{IpAddress::v4(0x0a600000), 16};
  /// Where pods reach this API server behind the Service kubernetes; absent: nowhere.
  std::optional<IpAddress> address;
  std::uint16_t port = 6443;
};

/// What every cluster has from the start: the four namespaces with their ServiceAccount, and the
/// Service kubernetes at the first address of the range. Objects that exist are left alone.
Status bootstrap(Registry& registry, const BootstrapOptions& options);

}  // namespace hitless::control
