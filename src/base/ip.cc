#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace hitless {

IpAddress IpAddress::v4(std::uint32_t hostOrder) {
  IpAddress ip;
  const std::uint32_t network = htonl(hostOrder);
  std::memcpy(ip.bytes_.data(), &network, sizeof network);
  return ip;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress ip;
  ip.family_ = IpFamily::kV6;
  ip.bytes_ = bytes;
  return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress ip;
  if (inet_pton(AF_INET, terminated.c_str(), ip.bytes_.data()) == 1) {
    return ip;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), ip.bytes_.data()) == 1) {
    ip.family_ = IpFamily::kV6;
    return ip;
  }
  return std::nullopt;
}

std::span<const std::uint8_t> IpAddress::bytes() const {
  return {bytes_.data(), isV4() ? std::size_t{4} : std::size_t{16}};
}

std::uint32_t IpAddress::v4HostOrder() const {
  std::uint32_t network = 0;
  std::memcpy(&network, bytes_.data(), sizeof network);
  return ntohl(network);
}

/// IPv4 by hand: inet_ntop goes by sprintf, and a proxy writes an address for each request.
std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (!isV4()) {
    return inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  }
  char* end = buffer.data();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      *end++ = '.';
    }
    end = std::to_chars(end, buffer.data() + buffer.size(), bytes_[i]).ptr;
  }
  return {buffer.data(), end};
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (slash == std::string_view::npos || !address) {
    return invalid(fmt::format("'{}' is not a CIDR", text), "write it like 10.0.0.0/16");
  }
  unsigned length = 0;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      length > (address->isV4() ? 32U : 128U)) {
    return invalid(fmt::format("'{}' has a bad prefix length", text), "write it like 10.0.0.0/16");
  }
  return Cidr{*address, static_cast<std::uint8_t>(length)};
}

Cidr Cidr::masked() const {
  std::array<std::uint8_t, 16> bytes{};
  const auto source = address.bytes();
  for (std::size_t i = 0; i < source.size(); ++i) {
    const int bits = static_cast<int>(length) - static_cast<int>(i) * 8;
    const unsigned mask = bits >= 8 ? 0xffU : (bits <= 0 ? 0U : (0xff00U >> bits) & 0xffU);
    bytes[i] = static_cast<std::uint8_t>(source[i] & mask);
  }
  if (!address.isV4()) {
    return {IpAddress::v6(bytes), length};
  }
  const std::uint32_t value = (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) |
                              (std::uint32_t{bytes[2]} << 8) | bytes[3];
  return {IpAddress::v4(value), length};
}

bool Cidr::contains(const IpAddress& ip) const {
  return ip.family() == address.family() && Cidr{ip, length}.masked() == masked();
}

IpAddress Cidr::at(std::uint32_t offset) const {
  return IpAddress::v4(masked().address.v4HostOrder() + offset);
}

std::string Cidr::text() const {
  return fmt::format("{}/{}", address.text(), length);
}

}  // namespace hitless
