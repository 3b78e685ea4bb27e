#include "core/watch/lines.h"

#include <fmt/format.h>

namespace hitless::watch {

Status LineSplitter::feed(std::string_view bytes,
                          const std::function<bool(std::string_view)>& line) {
  for (;;) {
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (piece.size() > maxLine_ - partial_.size()) {
      return fail(ErrorKind::kInternal, fmt::format("a line is longer than {} bytes", maxLine_));
    }
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return {};
    }
    bytes.remove_prefix(end + 1);
    bool goOn = true;
    if (partial_.empty()) {
      goOn = piece.empty() || line(piece);
    } else {
      partial_.append(piece);
      const std::string whole = std::exchange(partial_, {});
      goOn = line(whole);
    }
    if (!goOn) {
      return {};
    }
  }
}

}  // namespace hitless::watch
