#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hitless {

enum class IpFamily : std::uint8_t { kV4, kV6 };

/// An IPv4 or IPv6 address in network byte order.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;
  static IpAddress v4(std::uint32_t hostOrder);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  /// Dotted quad or RFC 4291 text, without zone or brackets; nullopt if it is neither.
  static std::optional<IpAddress> parse(std::string_view text);

  IpFamily family() const { return family_; }
  bool isV4() const { return family_ == IpFamily::kV4; }
  /// 4 or 16 bytes, network order.
  std::span<const std::uint8_t> bytes() const;
  /// IPv4 only: the address as a number in host byte order.
  std::uint32_t v4HostOrder() const;
  /// RFC 5952 text.
  std::string text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::kV4;
  std::array<std::uint8_t, 16> bytes_{};
};

/// An address with a prefix length. The host bits are kept: 10.1.2.3/24 is an interface's address.
struct Cidr {
  IpAddress address;
  std::uint8_t length = 0;  ///< 0..32 or 0..128

  static Result<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& ip) const;
  /// The same network with host bits cleared.
  Cidr masked() const;
  /// IPv4 only: the address at `offset` from the network's first, 10.0.0.0/24 at 1 = 10.0.0.1.
  IpAddress at(std::uint32_t offset) const;
  std::string text() const;

  auto operator<=>(const Cidr&) const = default;
};

}  // namespace hitless
