#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "core/report/render_table.h"

namespace hitless::report {

/// Writes text in a terminal's style. Padding is done before colouring: colours have no width.
class Ink {
 public:
  explicit Ink(Style style) : style_(style) {}

  std::string good(std::string_view text) const { return coloured("32;1", text); }
  std::string bad(std::string_view text) const { return coloured("31;1", text); }
  std::string strong(std::string_view text) const { return coloured("1", text); }
  std::string faint(std::string_view text) const { return coloured("2", text); }
  /// A horizontal line behind an indent of two.
  std::string rule(std::size_t width) const;
  std::string_view dash() const { return style_.unicode ? "–" : "-"; }
  std::string_view times() const { return style_.unicode ? "×" : "x"; }

 private:
  std::string coloured(std::string_view code, std::string_view text) const;
  Style style_;
};

/// "+12 ms", "-1.02 s", "+0.40 ms"
std::string signedText(nanoseconds duration);
/// Pads on the left or right to a width in columns; text that is too long loses its middle.
std::string padLeft(std::string_view text, std::size_t width);
std::string padRight(std::string_view text, std::size_t width);
/// Text broken at blanks into lines of at most so many columns.
std::string wrapped(std::string_view text, std::size_t width);
/// A paragraph behind an indent of two that breaks at blanks; further lines are indented by four.
std::string paragraph(std::string_view text, std::size_t width);

}  // namespace hitless::report
