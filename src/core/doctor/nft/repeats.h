#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hitless::nft {

/// A sequence of numbers that comes several times in a row.
struct Repeat {
  std::vector<std::uint32_t> pattern;
  std::uint32_t times = 1;
  bool operator==(const Repeat&) const = default;
};

/// The same sequence in few words: a chain in which three rules come 300,000 times is one entry.
/// Patterns are at most 16 long.
std::vector<Repeat> foldRepeats(std::span<const std::uint32_t> sequence);
std::vector<std::uint32_t> unfoldRepeats(std::span<const Repeat> repeats);

}  // namespace hitless::nft
