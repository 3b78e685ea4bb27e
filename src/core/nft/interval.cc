#include "core/nft/interval.h"

namespace hitless::nft {
namespace {

/// Adds `step` to the number; nullopt when it wraps around, which is when it becomes `wrapped`
/// throughout.
std::optional<Datum> stepped(const Datum& key, std::size_t padding, std::uint8_t step,
                             std::uint8_t wrapped) {
  std::array<std::uint8_t, Datum::kCapacity> bytes{};
  std::copy(key.bytes().begin(), key.bytes().end(), bytes.begin());
  for (std::size_t i = key.size() - std::min(padding, key.size()); i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(bytes[i] + step);
    if (bytes[i] != wrapped) {
      return Datum(std::span(bytes).first(key.size()));
    }
  }
  return std::nullopt;
}

}  // namespace

Datum largestKey(std::size_t size, std::size_t padding) {
  std::array<std::uint8_t, Datum::kCapacity> bytes{};
  size = std::min(size, bytes.size());
  std::fill_n(bytes.begin(), size - std::min(padding, size), std::uint8_t{0xff});
  return Datum(std::span(bytes).first(size));
}

std::optional<Datum> keyAfter(const Datum& key, std::size_t padding) {
  return stepped(key, padding, 1, 0);
}

std::optional<Datum> keyBefore(const Datum& key, std::size_t padding) {
  return stepped(key, padding, 0xff, 0xff);
}

}  // namespace hitless::nft
