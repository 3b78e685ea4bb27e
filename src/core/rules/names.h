#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"

/// Every name in our table, as `nft list ruleset` shows it. Maps, sets and pick chains exist once
/// per address family and carry its suffix.
namespace hitless::rules::names {

inline constexpr std::string_view kTable = "hitless";

// Base chains are named after what they do at their hook.
inline constexpr std::string_view kNatPrerouting = "nat-prerouting";
inline constexpr std::string_view kNatOutput = "nat-output";
inline constexpr std::string_view kNatPostrouting = "nat-postrouting";
inline constexpr std::string_view kFilterInput = "filter-input";
inline constexpr std::string_view kFilterForward = "filter-forward";
inline constexpr std::string_view kFilterOutput = "filter-output";

inline constexpr std::string_view kUnserved = "unserved";  ///< Chain: what no endpoint took.

inline std::string suffixed(std::string_view stem, IpFamily family) {
  return fmt::format("{}-{}", stem, family == IpFamily::kV4 ? "v4" : "v6");
}

/// Map: address . protocol . port . slot -> endpoint address . port. The slots of a service port
/// are filled from 0 on without gaps.
inline std::string serviceEndpoints(IpFamily family) {
  return suffixed("service-endpoints", family);
}
/// Set: cluster IPs of all services that have one.
inline std::string clusterIps(IpFamily family) {
  return suffixed("cluster-ips", family);
}
/// Set: address . address of each endpoint on this node.
inline std::string hairpin(IpFamily family) {
  return suffixed("hairpin", family);
}
/// Set: address . protocol . port of services whose policy is Local, without endpoint on this node.
inline std::string noLocalEndpoint(IpFamily family) {
  return suffixed("no-local-endpoint", family);
}
/// Chain: finds out how many endpoints there are, and goes to the pick chain for it.
inline std::string services(IpFamily family) {
  return suffixed("services", family);
}
/// Chain: goes to the endpoint in a random slot below `size`.
inline std::string pick(IpFamily family, std::uint32_t size) {
  return fmt::format("{}-{}", suffixed("pick", family), size);
}

}  // namespace hitless::rules::names
