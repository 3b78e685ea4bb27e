#include "core/iptables/packet.h"

#include <algorithm>

namespace hitless::iptables {

Answer operator!(Answer answer) {
  switch (answer) {
    case Answer::kNo:
      return Answer::kYes;
    case Answer::kYes:
      return Answer::kNo;
    case Answer::kMaybe:
      break;
  }
  return Answer::kMaybe;
}

Answer Bits::equals(std::uint32_t wanted, std::uint32_t mask) const {
  const std::uint32_t known = mask & ~unknown;
  if ((value & known) != (wanted & ~(mask & unknown))) {
    return Answer::kNo;
  }
  return (mask & unknown) == 0 ? Answer::kYes : Answer::kMaybe;
}

Bits Bits::changed(std::uint32_t set, std::uint32_t mask) const {
  return {(value & ~mask) ^ set, unknown & ~mask};
}

Bits Bits::orElse(const Bits& other) const {
  return {value, unknown | other.unknown | (value ^ other.value)};
}

Answer Packet::isOwn(const IpAddress& address) const {
  const bool loopback =
      address.isV4() ? address.bytes()[0] == 127 : address == *IpAddress::parse("::1");
  if (loopback) {
    return Answer::kYes;
  }
  if (!own) {
    return Answer::kMaybe;
  }
  return answer(std::find(own->begin(), own->end(), address) != own->end());
}

}  // namespace hitless::iptables
