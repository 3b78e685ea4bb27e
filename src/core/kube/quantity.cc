#include "core/kube/quantity.h"

#include <cmath>

#include "base/text.h"

namespace hitless::kube {
namespace {

struct Suffix {
  std::string_view text;
  long double factor;
};
constexpr Suffix kSuffixes[] = {
    {"", 1},
    {"n", 1e-9L},
    {"u", 1e-6L},
    {"m", 1e-3L},
    {"k", 1e3L},
    {"M", 1e6L},
    {"G", 1e9L},
    {"T", 1e12L},
    {"P", 1e15L},
    {"E", 1e18L},
    {"Ki", 1024.0L},
    {"Mi", 1048576.0L},
    {"Gi", 1073741824.0L},
    {"Ti", 1099511627776.0L},
    {"Pi", 1125899906842624.0L},
    {"Ei", 1152921504606846976.0L},
};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The power of ten of "e3" or "E-2".
std::optional<int> exponentOf(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) {
    return std::nullopt;
  }
  const bool negative = text[1] == '-';
  text.remove_prefix(negative || text[1] == '+' ? 2 : 1);
  const auto number = parseUint(text);
  if (!number || *number > 1000) {
    return std::nullopt;
  }
  return negative ? -static_cast<int>(*number) : static_cast<int>(*number);
}

std::optional<long double> factorOf(std::string_view suffix) {
  for (const Suffix& row : kSuffixes) {
    if (row.text == suffix) {
      return row.factor;
    }
  }
  const auto exponent = exponentOf(suffix);
  return exponent ? std::optional(std::pow(10.0L, *exponent)) : std::nullopt;
}

std::optional<long double> parse(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) {
    text.remove_prefix(1);
  }
  long double number = 0;
  long double place = 0;  // Of the next decimal; 0 before the point.
  bool any = false;
  for (; !text.empty() && (isDigit(text[0]) || (text[0] == '.' && place == 0));
       text.remove_prefix(1)) {
    if (text[0] == '.') {
      place = 1;
      continue;
    }
    any = true;
    number = place == 0 ? number * 10 + (text[0] - '0') : number + (place /= 10) * (text[0] - '0');
  }
  const auto factor = any ? factorOf(text) : std::nullopt;
  return factor ? std::optional((negative ? -number : number) * *factor) : std::nullopt;
}

}  // namespace

bool isQuantity(std::string_view text) {
  return parse(text).has_value();
}

std::optional<long double> quantityValue(const json::value& value) {
  if (const json::string* string = value.if_string()) {
    return parse(std::string_view(*string));
  }
  boost::system::error_code error;
  const double number = value.is_number() ? value.to_number<double>(error) : 0;
  return value.is_number() && !error ? std::optional<long double>(number) : std::nullopt;
}

}  // namespace hitless::kube
