#include "core/doctor/nft/repeats.h"

#include <algorithm>

namespace hitless::nft {
namespace {

constexpr std::size_t kMaxPeriod = 16;

/// How often the first `period` numbers come in a row.
std::size_t timesOf(std::span<const std::uint32_t> sequence, std::size_t period) {
  std::size_t at = period;
  while (at < sequence.size() && sequence[at] == sequence[at - period]) {
    ++at;
  }
  return at / period;
}

}  // namespace

std::vector<Repeat> foldRepeats(std::span<const std::uint32_t> sequence) {
  std::vector<Repeat> out;
  while (!sequence.empty()) {
    std::size_t period = 1;
    std::size_t times = timesOf(sequence, 1);
    for (std::size_t longer = 2; longer <= std::min(kMaxPeriod, sequence.size()); ++longer) {
      const std::size_t count = timesOf(sequence, longer);
      if (count > 1 && count * longer > times * period) {
        period = longer;
        times = count;
      }
    }
    const auto pattern = sequence.first(period);
    if (times == 1 && !out.empty() && out.back().times == 1) {
      out.back().pattern.insert(out.back().pattern.end(), pattern.begin(), pattern.end());
    } else {
      out.push_back({{pattern.begin(), pattern.end()}, static_cast<std::uint32_t>(times)});
    }
    sequence = sequence.subspan(period * times);
  }
  return out;
}

std::vector<std::uint32_t> unfoldRepeats(std::span<const Repeat> repeats) {
  std::vector<std::uint32_t> out;
  for (const Repeat& repeat : repeats) {
    for (std::uint32_t i = 0; i < repeat.times; ++i) {
      out.insert(out.end(), repeat.pattern.begin(), repeat.pattern.end());
    }
  }
  return out;
}

}  // namespace hitless::nft
