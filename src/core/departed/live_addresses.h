#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/ip.h"

namespace hitless::departed {

/// Which pods have which addresses, as far as EndpointSlices show them not terminating; how often,
/// because a pod is in a slice of each of its Services.
class LiveAddresses {
 public:
  void add(const IpAddress& ip, std::uint32_t pod) { ++counts_[{ip, pod}]; }
  void remove(const IpAddress& ip, std::uint32_t pod);
  bool has(const IpAddress& ip, std::uint32_t pod) const { return counts_.contains({ip, pod}); }
  /// Whether any other pod, or something that is no pod, has the address.
  bool hasOther(const IpAddress& ip, std::uint32_t pod) const;

 private:
  std::map<std::pair<IpAddress, std::uint32_t>, std::uint32_t> counts_;
};

}  // namespace hitless::departed
