#include "core/proxy/stats/name_filter.h"

#include <fmt/format.h>

#include "core/proxy/escape.h"

namespace hitless::proxy {
namespace {

/// Time grows with the product of both lengths, and names are short.
constexpr std::size_t kLongestPattern = 256;

}  // namespace

Result<NameFilter> NameFilter::parse(const std::string& pattern) {
  NameFilter filter;
  if (pattern.empty()) {
    return filter;
  }
  if (pattern.size() > kLongestPattern) {
    return invalid("filter: the regular expression is too long",
                   fmt::format("{} bytes are allowed", kLongestPattern));
  }
  try {
    // Without this extension of libstdc++ "(a*)*b" takes exponential time.
    filter.regex_.emplace(
        pattern, std::regex::ECMAScript | std::regex::nosubs | std::regex_constants::__polynomial);
  } catch (const std::regex_error& error) {
    return invalid(fmt::format("filter: \"{}\" is no regular expression", escaped(pattern)));
  }
  return filter;
}

bool NameFilter::passes(const std::string& name) const {
  return !regex_ || std::regex_search(name, *regex_);
}

}  // namespace hitless::proxy
