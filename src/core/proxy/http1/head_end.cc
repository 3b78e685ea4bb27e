#include "core/proxy/http1/head.h"

namespace hitless::proxy::http1 {

HeadEnd::State HeadEnd::look(std::string_view bytes) {
  while (true) {
    const std::size_t feed = bytes.find('\n', seen_);
    if (feed == std::string_view::npos) {
      seen_ = bytes.size();
      return State::kIncomplete;
    }
    if (feed == 0 || bytes[feed - 1] != '\r') {
      return State::kBareLineFeed;
    }
    const bool emptyLine = feed >= 3 && bytes[feed - 2] == '\n';
    seen_ = feed + 1;
    if (emptyLine) {
      return State::kFound;
    }
  }
}

std::size_t emptyLines(std::string_view bytes) {
  std::size_t count = 0;
  while (bytes.substr(count).starts_with("\r\n")) {
    count += 2;
  }
  return count;
}

}  // namespace hitless::proxy::http1
