#pragma once

#include <cstdint>
#include <string>

namespace hitless::nft {

inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;

/// As /etc/protocols of Debian has it, for those that packet filters meet; else the number.
std::string protocolName(std::uint8_t number);

}  // namespace hitless::nft
