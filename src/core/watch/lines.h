#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hitless::watch {

/// Cuts a stream of bytes into lines, whatever pieces it comes in. Empty lines are skipped.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t maxLine) : maxLine_(maxLine) {}

  /// Calls `line` for each line that `bytes` completes, until it returns false. An error if a line
  /// grows beyond the limit; the splitter is of no use after that.
  Status feed(std::string_view bytes, const std::function<bool(std::string_view)>& line);

 private:
  std::size_t maxLine_;
  std::string partial_;
};

}  // namespace hitless::watch
