#include "core/dns/reverse_name.h"

#include <array>
#include <string>

#include "core/dns/name.h"

namespace hitless::dns {
namespace {

int nibbleOf(std::string_view label) {
  if (label.size() != 1) {
    return -1;
  }
  const char c = label[0];
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<IpAddress> reverseV4(std::string_view name) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    const std::string_view label = name.size() > 1 ? firstLabel(name) : std::string_view{};
    std::uint32_t number = 0;
    if (label.empty() || label.size() > 3 || (label.size() > 1 && label[0] == '0')) {
      return std::nullopt;
    }
    for (const char c : label) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (number > 255) {
      return std::nullopt;
    }
    address |= number << (8 * i);
    name = parentOf(name);
  }
  return name.size() == 1 ? std::optional(IpAddress::v4(address)) : std::nullopt;
}

std::optional<IpAddress> reverseV6(std::string_view name) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 32; ++i) {
    const int nibble = name.size() > 1 ? nibbleOf(firstLabel(name)) : -1;
    if (nibble < 0) {
      return std::nullopt;
    }
    bytes[15 - i / 2] |= static_cast<std::uint8_t>(nibble << (i % 2 * 4));
    name = parentOf(name);
  }
  return name.size() == 1 ? std::optional(IpAddress::v6(bytes)) : std::nullopt;
}

}  // namespace

std::optional<IpAddress> reverseAddress(std::string_view name) {
  constexpr std::string_view kV4("\7in-addr\4arpa\0", 14);
  constexpr std::string_view kV6("\3ip6\4arpa\0", 10);
  if (!name.ends_with(std::string_view("\4arpa\0", 6))) {
    return std::nullopt;
  }
  const auto without = [&](std::string_view zone) {
    return std::string(name.substr(0, name.size() - zone.size())) + '\0';
  };
  if (within(name, kV4)) {
    return reverseV4(without(kV4));
  }
  return within(name, kV6) ? reverseV6(without(kV6)) : std::nullopt;
}

}  // namespace hitless::dns
