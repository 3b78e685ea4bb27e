#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/nft/walk.h"

namespace hitless::nft {

/// A header's bytes, as far as they are known.
class WalkHeader {
 public:
  void put(std::size_t offset, std::span<const std::uint8_t> bytes);
  void put(std::size_t offset, std::uint16_t number);
  /// nullopt: some of them are not known.
  std::optional<Datum> read(std::size_t offset, std::size_t length) const;

 private:
  static constexpr std::size_t kSize = 40;
  std::array<std::uint8_t, kSize> bytes_{};
  std::array<bool, kSize> known_{};
};

/// An interface's name as it lies in a register.
std::array<std::uint8_t, 16> interfaceName(std::string_view name);

/// What of its headers a WalkPacket says.
WalkHeader networkHeader(const WalkPacket& packet);
WalkHeader transportHeader(const WalkPacket& packet);

}  // namespace hitless::nft
