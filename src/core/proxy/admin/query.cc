#include "core/proxy/admin/query.h"

#include "base/text.h"

namespace hitless::proxy {
namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// RFC 3986 2.1. What is no escape stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 &&
        hexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

AdminTarget AdminTarget::parse(std::string_view target) {
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  AdminTarget parsed;
  parsed.path = decoded(target.substr(0, mark));
  if (mark == std::string_view::npos) {
    return parsed;
  }
  for (const std::string_view part : split(target.substr(mark + 1), '&')) {
    if (!part.empty()) {
      const std::size_t equals = part.find('=');
      parsed.parameters.emplace_back(
          decoded(part.substr(0, equals)),
          equals == std::string_view::npos ? "" : decoded(part.substr(equals + 1)));
    }
  }
  return parsed;
}

std::optional<std::string_view> AdminTarget::find(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace hitless::proxy
