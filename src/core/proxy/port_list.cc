#include "core/proxy/port_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/text.h"

namespace hitless::proxy {
namespace {

std::optional<std::uint16_t> portOf(std::string_view text) {
  const auto number = parseUint(text);
  if (!number || *number == 0 || *number > std::numeric_limits<std::uint16_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*number);
}

std::optional<PortRange> rangeOf(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = portOf(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : portOf(text.substr(dash + 1));
  return first && last && *first <= *last ? std::optional(PortRange{*first, *last}) : std::nullopt;
}

}  // namespace

PortList PortList::all() {
  PortList out;
  out.everything_ = true;
  return out;
}

Result<PortList> PortList::parse(std::string_view text) {
  PortList out;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view word = trim(part);
    if (word == "all" || word == "*") {
      return all();
    }
    if (word.empty()) {
      continue;
    }
    const auto range = rangeOf(word);
    if (!range) {
      return invalid(fmt::format("\"{}\" is no port", word),
                     "write \"all\", or ports and ranges of them such as \"80,9000-9100\"");
    }
    out.add(*range);
  }
  return out;
}

bool PortList::contains(std::uint16_t port) const {
  return everything_ || std::any_of(ranges_.begin(), ranges_.end(), [port](const PortRange& range) {
           return range.first <= port && port <= range.last;
         });
}

void PortList::add(PortRange range) {
  if (everything_) {
    return;
  }
  // In 32 bits, so that the port behind the last one is not 0.
  const auto touches = [&range](const PortRange& other) {
    return std::uint32_t{other.first} <= std::uint32_t{range.last} + 1 &&
           std::uint32_t{range.first} <= std::uint32_t{other.last} + 1;
  };
  for (const PortRange& other : ranges_) {
    if (touches(other)) {
      range.first = std::min(range.first, other.first);
      range.last = std::max(range.last, other.last);
    }
  }
  std::erase_if(ranges_, touches);
  const auto behind =
      std::find_if(ranges_.begin(), ranges_.end(),
                   [&range](const PortRange& other) { return other.first > range.last; });
  ranges_.insert(behind, range);
}

std::string PortList::text() const {
  if (everything_) {
    return "all";
  }
  std::vector<std::string> parts;
  for (const PortRange& range : ranges_) {
    parts.push_back(range.first == range.last ? std::to_string(range.first)
                                              : fmt::format("{}-{}", range.first, range.last));
  }
  return join(parts, ",");
}

}  // namespace hitless::proxy
