#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace hitless::iptables {

struct Word {
  std::string text;  ///< Quotes and backslashes taken away.
  bool quoted = false;
};

/// As iptables-restore takes a line apart (xshared.c, add_param_to_argv): a backslash counts only
/// between quotes, and a closing quote ends the word.
Result<std::vector<Word>> splitWords(std::string_view text);

/// As iptables-save writes text that a person chose (xtables_save_string): in quotes unless it is
/// all letters, digits, '_' and '-'.
std::string savedText(std::string_view text);

/// True of options that are followed by one word of such text, whatever it looks like.
bool takesText(std::string_view option);

}  // namespace hitless::iptables
