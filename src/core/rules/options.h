#pragma once

#include <vector>

#include "base/ip.h"

namespace hitless::rules {

struct Options {
  std::vector<IpFamily> families = {IpFamily::kV4};
  /// Where this node's pods have their addresses. Connections from elsewhere to a cluster IP (from
  /// the node itself, from outside) are masqueraded, so that the answers come back through this
  /// node.
  std::vector<Cidr> podCidrs;
  bool operator==(const Options&) const = default;
};

}  // namespace hitless::rules
