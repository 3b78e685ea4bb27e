#include "core/departed/live_addresses.h"

namespace hitless::departed {

void LiveAddresses::remove(const IpAddress& ip, std::uint32_t pod) {
  const auto it = counts_.find({ip, pod});
  if (it != counts_.end() && --it->second == 0) {
    counts_.erase(it);
  }
}

bool LiveAddresses::hasOther(const IpAddress& ip, std::uint32_t pod) const {
  for (auto it = counts_.lower_bound({ip, 0}); it != counts_.end() && it->first.first == ip; ++it) {
    if (it->first.second != pod) {
      return true;
    }
  }
  return false;
}

}  // namespace hitless::departed
