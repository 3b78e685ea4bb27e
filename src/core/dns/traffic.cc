#include "core/dns/traffic.h"

#include <algorithm>

namespace hitless::dns {

std::size_t countedType(Type type) {
  constexpr std::array<std::uint16_t, kCountedTypes.size() - 1> kNumbers = {
      1, 28, 15, 6, 5, 12, 16, 2, 43, 33, 255, 251, 252, 65};
  const auto it = std::find(kNumbers.begin(), kNumbers.end(), static_cast<std::uint16_t>(type));
  return static_cast<std::size_t>(it - kNumbers.begin());  // Behind the last: other.
}

}  // namespace hitless::dns
