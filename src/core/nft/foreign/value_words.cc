#include "core/nft/foreign/value_words.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "base/ip.h"

namespace hitless::nft {
namespace {

using netlink::ByteView;

std::string addressText(ByteView bytes) {
  if (bytes.size() == 4) {
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  std::array<std::uint8_t, 16> all{};
  std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 16), all.begin());
  return IpAddress::v6(all).text();
}

/// Leading ones of a mask; nullopt if others follow.
std::optional<int> prefixLength(ByteView mask) {
  int length = 0;
  bool ended = false;
  for (const std::uint8_t byte : mask) {
    const int ones = std::countl_one(byte);
    if ((ended && byte != 0) || std::popcount(byte) != ones) {
      return std::nullopt;
    }
    length += ones;
    ended = ended || ones < 8;
  }
  return length;
}

std::uint16_t portOf(ByteView bytes) {
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

}  // namespace

std::string networkText(const Source& source, ByteView value, std::size_t size) {
  netlink::Bytes address(value.begin(), value.end());
  netlink::Bytes mask = source.mask;
  mask.resize(source.length, source.mask.empty() ? 0xff : 0);
  address.resize(size);
  mask.resize(size);
  const auto length = prefixLength(mask);
  return addressText(address) + "/" + (length ? std::to_string(*length) : addressText(mask));
}

std::string portsText(const Comparison& comparison) {
  if (comparison.from.size() != 2 || (!comparison.to.empty() && comparison.to.size() != 2)) {
    return {};
  }
  const std::uint16_t port = portOf(comparison.from);
  if (!comparison.to.empty()) {
    return fmt::format("{}:{}", port, portOf(comparison.to));
  }
  switch (comparison.op) {
    case NFT_CMP_LTE:
    case NFT_CMP_GT:
      return fmt::format("0:{}", port);
    case NFT_CMP_GTE:
    case NFT_CMP_LT:
      return fmt::format("{}:65535", port);
    default:
      return std::to_string(port);
  }
}

bool portsNegated(std::uint32_t op) {
  return op == NFT_CMP_NEQ || op == NFT_CMP_GT || op == NFT_CMP_LT;
}

std::string flagNames(std::uint8_t flags) {
  constexpr std::array<std::string_view, 6> kNames = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((flags & 1U << i) != 0) {
      text += (text.empty() ? "" : ",") + std::string(kNames[i]);
    }
  }
  return text.empty() ? "NONE" : text;
}

std::string interfaceText(ByteView bytes) {
  const std::string_view name = netlink::Attribute{0, bytes}.text();
  return std::string(name) + (name.size() == bytes.size() && bytes.size() < 16 ? "+" : "");
}

std::uint32_t hostNumber(ByteView bytes) {
  std::uint32_t value = 0;
  std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 4),
              reinterpret_cast<std::uint8_t*>(&value));
  return value;
}

}  // namespace hitless::nft
