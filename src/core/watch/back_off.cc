#include "core/watch/back_off.h"

#include <algorithm>

namespace hitless::watch {
namespace {

constexpr nanoseconds kFirstPause = milliseconds(100);
constexpr nanoseconds kLongestPause = seconds(30);  ///< client-go's reflector
constexpr nanoseconds kBusyPause = seconds(1);      ///< kube-apiserver's usual Retry-After

}  // namespace

nanoseconds BackOff::failed(Rng& rng, bool busy) {
  const int waited = busy ? std::max(failures_, 1) : failures_;
  ++failures_;
  if (waited == 0) {
    return {};
  }
  const int doublings = std::min(waited - 1, 20);
  const nanoseconds pause = std::clamp(kFirstPause * (std::int64_t{1} << doublings),
                                       busy ? kBusyPause : kFirstPause, kLongestPause);
  // 50 % to 150 %.
  return pause / 2 + nanoseconds(static_cast<std::int64_t>(
                         rng.below(static_cast<std::uint64_t>(pause.count()))));
}

}  // namespace hitless::watch
