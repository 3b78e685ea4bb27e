#include "core/report/ink.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/load/render.h"

namespace hitless::report {
namespace {

/// Columns of UTF-8 text without wide or combining characters.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  }
  return count;
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns(text) <= width || width < 8) {
    return std::string(text);
  }
  const std::size_t tail = (width - 2) / 2;
  const std::size_t head = width - 2 - tail;
  return fmt::format("{}..{}", text.substr(0, head), text.substr(text.size() - tail));
}

}  // namespace

std::string Ink::rule(std::size_t width) const {
  std::string line;
  for (std::size_t i = 0; i < width; ++i) {
    line += style_.unicode ? "─" : "-";
  }
  return "  " + faint(line) + "\n";
}

std::string Ink::coloured(std::string_view code, std::string_view text) const {
  return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string signedText(nanoseconds duration) {
  const bool negative = duration < nanoseconds{0};
  return (negative ? "-" : "+") + load::durationText(negative ? -duration : duration);
}

std::string padLeft(std::string_view text, std::size_t width) {
  const std::string fitted = fit(text, width);
  const std::size_t used = columns(fitted);
  return std::string(used < width ? width - used : 0, ' ') + fitted;
}

std::string padRight(std::string_view text, std::size_t width) {
  const std::string fitted = fit(text, width);
  const std::size_t used = columns(fitted);
  return fitted + std::string(used < width ? width - used : 0, ' ');
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::string line;
  for (const std::string_view word : split(text, ' ')) {
    if (!line.empty() && columns(line) + 1 + columns(word) > width) {
      out += line + "\n";
      line.clear();
    }
    line += line.empty() ? "" : " ";
    line += word;
  }
  return out + line;
}

std::string paragraph(std::string_view text, std::size_t width) {
  std::string out;
  std::string line = " ";
  for (const std::string_view word : split(text, ' ')) {
    if (columns(line) + 1 + columns(word) > width && line.size() > 4) {
      out += line + "\n";
      line = "   ";
    }
    line += ' ';
    line += word;
  }
  return out + line + "\n";
}

}  // namespace hitless::report
