#include "core/iptables/counters.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace hitless::iptables {

bool isBlank(char c) {
  return c == ' ' || c == '\t';
}

/// The first word, which is taken away with the blanks behind it.
std::string_view takeWord(std::string_view& rest) {
  const auto end = std::find_if(rest.begin(), rest.end(), isBlank);
  const std::string_view word(rest.data(), static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(word.size());
  while (!rest.empty() && isBlank(rest.front())) {
    rest.remove_prefix(1);
  }
  return word;
}

/// "[12:3400]"
std::optional<Counters> bracketed(std::string_view word) {
  if (word.size() < 5 || word.front() != '[' || word.back() != ']') {
    return std::nullopt;
  }
  const auto colon = word.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto packets = parseUint(word.substr(1, colon - 1));
  const auto bytes = parseUint(word.substr(colon + 1, word.size() - colon - 2));
  if (!packets || !bytes) {
    return std::nullopt;
  }
  return Counters{*packets, *bytes};
}

namespace {

/// Where "-c " stands as a word of its own; npos if nowhere.
std::size_t countersIn(std::string_view rule) {
  bool quoted = false;
  for (std::size_t at = 0; at + 3 < rule.size(); ++at) {
    if (rule[at] == '\\' && quoted) {
      ++at;
    } else if (rule[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && (at == 0 || isBlank(rule[at - 1])) &&
               rule.substr(at).starts_with("-c ")) {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view takeCounters(std::string& text, std::string_view rule, Counters& counters) {
  const std::size_t at = countersIn(rule);
  if (at == std::string_view::npos) {
    return rule;
  }
  std::string_view rest = rule.substr(at + 3);
  const auto packets = parseUint(takeWord(rest));
  const auto bytes = parseUint(takeWord(rest));
  if (!packets || !bytes) {
    return rule;
  }
  counters = {*packets, *bytes};
  const auto begin = static_cast<std::size_t>(rule.data() - text.data());
  std::memmove(text.data() + begin + at, rest.data(), rest.size());
  std::string_view left(text.data() + begin, at + rest.size());
  while (!left.empty() && isBlank(left.back())) {
    left.remove_suffix(1);
  }
  return left;
}

}  // namespace hitless::iptables
