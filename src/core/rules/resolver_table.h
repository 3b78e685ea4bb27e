#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "core/nft/ruleset.h"

namespace hitless::rules {

struct ResolverOptions {
  /// One bit of the packet mark. By default one that is not kube-proxy's (0x4000, 0x8000), Cilium's
  /// (0x0f00), Calico's (0xffff0000) or Istio's (0x0fff).
  std::uint32_t mark = 0x1000;
  std::uint16_t port = 53;
};

/// The table that leads queries for a name server in this process past connection tracking and
/// address translation, by marking them: what is marked is delivered locally by a routing rule
/// (docs/decisions/0007). Queries that arrive (from pods) are marked in prerouting, those of the
/// node's own processes in output, where a changed mark makes the kernel route them anew. Answers
/// are not tracked either. Without addresses the table is empty: it only keeps the name.
///
/// `owner` is the netlink port of the socket that makes the table and whose end ends it.
nft::Ruleset resolverTable(const std::vector<IpAddress>& addresses, const ResolverOptions& options,
                           std::uint32_t owner);

}  // namespace hitless::rules
