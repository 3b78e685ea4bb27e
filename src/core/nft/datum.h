#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>

#include "base/ip.h"

namespace hitless::nft {

/// The bytes of a set key, map value or comparison as they lie in the kernel's registers: fields
/// one after the other, each padded to a multiple of 4 bytes. A value without heap memory, because
/// a cluster has hundreds of thousands of them.
class Datum {
 public:
  static constexpr std::size_t kCapacity = 39;

  Datum() = default;
  /// Longer input is cut; nothing that we write is longer, and what is read is checked before.
  explicit Datum(std::span<const std::uint8_t> bytes) { append(bytes); }

  Datum& address(const IpAddress& ip) { return padded(ip.bytes()); }
  Datum& protocol(std::uint8_t number) { return padded({&number, 1}); }
  Datum& port(std::uint16_t number) {
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(number >> 8),
                                            static_cast<std::uint8_t>(number)};
    return padded(bytes);
  }
  /// In host byte order, as marks and numgen results are.
  Datum& number(std::uint32_t value) {
    return padded({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }

  /// 128 bits as the kernel has connections' labels, an array of unsigned long; numbers above 127
  /// are left out.
  Datum& labels(std::initializer_list<unsigned> numbers) {
    constexpr std::size_t width = sizeof(unsigned long) * 8;
    std::array<unsigned long, 128 / width> words{};
    for (const unsigned number : numbers) {
      if (number < 128) {
        words[number / width] |= 1UL << number % width;
      }
    }
    return padded({reinterpret_cast<const std::uint8_t*>(words.data()), sizeof words});
  }

  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }

  friend bool operator==(const Datum& a, const Datum& b) {
    return a.size_ == b.size_ && std::memcmp(a.bytes_.data(), b.bytes_.data(), a.size_) == 0;
  }
  friend std::strong_ordering operator<=>(const Datum& a, const Datum& b) {
    const int order = std::memcmp(a.bytes_.data(), b.bytes_.data(), std::min(a.size_, b.size_));
    return order != 0 ? order <=> 0 : a.size_ <=> b.size_;
  }

 private:
  void append(std::span<const std::uint8_t> bytes) {
    const std::size_t fits = std::min(bytes.size(), kCapacity - size_);
    std::memcpy(bytes_.data() + size_, bytes.data(), fits);
    size_ = static_cast<std::uint8_t>(size_ + fits);
  }
  Datum& padded(std::span<const std::uint8_t> bytes) {
    append(bytes);
    append(std::array<std::uint8_t, 3>{}, (4 - bytes.size() % 4) % 4);
    return *this;
  }
  void append(const std::array<std::uint8_t, 3>& zeros, std::size_t count) {
    append(std::span(zeros).first(count));
  }

  std::uint8_t size_ = 0;
  std::array<std::uint8_t, kCapacity> bytes_{};
};

}  // namespace hitless::nft
