#include "core/node/cri_log.h"

#include <fmt/format.h>

namespace hitless::node {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;

}  // namespace

std::string formatNanoTime(WallTime time) {
  std::string text = formatTime(time);
  const auto fraction =
      time.time_since_epoch() - std::chrono::floor<seconds>(time).time_since_epoch();
  text.pop_back();
  return fmt::format("{}.{:09}Z", text, nanoseconds(fraction).count());
}

void CriLog::append(std::string& out, std::string_view line, bool full, WallTime now) const {
  out += fmt::format("{} {} {} ", formatNanoTime(now), stream_, full ? 'F' : 'P');
  out += line;
  out.push_back('\n');
}

std::string CriLog::add(std::string_view bytes, WallTime now) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t room = kLongestLine - pending_.size();
    const std::size_t length =
        std::min(newline == std::string_view::npos ? bytes.size() : newline, room);
    pending_ += bytes.substr(0, length);
    const bool ended = length == newline;
    bytes.remove_prefix(length + (ended ? 1 : 0));
    if (ended || pending_.size() == kLongestLine) {
      append(out, pending_, ended, now);
      pending_.clear();
    }
  }
  return out;
}

std::string CriLog::finish(WallTime now) {
  std::string out;
  if (!pending_.empty()) {
    append(out, pending_, true, now);
    pending_.clear();
  }
  return out;
}

}  // namespace hitless::node
