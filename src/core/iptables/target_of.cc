#include "core/iptables/target_of.h"

#include <algorithm>

namespace hitless::iptables {

std::string_view nextWord(std::string_view& text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(start);
  const bool isQuoted = text.front() == '"';
  std::size_t end = isQuoted ? 1 : 0;
  while (end < text.size() && text[end] != (isQuoted ? '"' : ' ')) {
    end += text[end] == '\\' && isQuoted ? 2 : 1;
  }
  end = std::min(end, text.size());
  const std::string_view word = text.substr(isQuoted ? 1 : 0, end - (isQuoted ? 1 : 0));
  text.remove_prefix(std::min(text.size(), end + 1));
  return word;
}

std::string_view targetOf(std::string_view rule) {
  while (!rule.empty()) {
    const std::string_view word = nextWord(rule);
    if (word == "-j" || word == "-g") {
      return nextWord(rule);
    }
    if (word == "--comment") {
      nextWord(rule);
    }
  }
  return {};
}

}  // namespace hitless::iptables
