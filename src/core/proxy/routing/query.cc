#include "core/proxy/routing/query.h"

namespace hitless::proxy::routing {
namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// RFC 3986 2.1; what is no escape stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? hexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::pair<std::string_view, std::string_view> splitQuery(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos
             ? std::pair(target, std::string_view())
             : std::pair(target.substr(0, mark), target.substr(mark + 1));
}

std::optional<std::string> queryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const std::size_t equals = parameter.find('=');
    const std::string_view key = parameter.substr(0, equals);
    if (key == name || decoded(key) == name) {
      return equals == std::string_view::npos ? "" : decoded(parameter.substr(equals + 1));
    }
  }
  return std::nullopt;
}

}  // namespace hitless::proxy::routing
