#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace hitless::node {

/// Turns a container's output into the CRI log format that `kubectl logs` and log shippers read:
/// "2026-11-21T19:40:02.123456789Z stdout F line". Lines beyond 16 KiB come in parts marked P.
class CriLog {
 public:
  explicit CriLog(std::string_view stream) : stream_(stream) {}
  /// The finished lines in `bytes` and what was kept back before, each ending in a newline.
  std::string add(std::string_view bytes, WallTime now);
  /// A last line without a newline, or nothing.
  std::string finish(WallTime now);

 private:
  void append(std::string& out, std::string_view line, bool full, WallTime now) const;

  std::string stream_;
  std::string pending_;
};

/// RFC 3339 in UTC with nine decimals.
std::string formatNanoTime(WallTime time);

}  // namespace hitless::node
