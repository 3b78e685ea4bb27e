#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/iptables/dump.h"

/// Pieces of a dump's lines.
namespace hitless::iptables {

bool isBlank(char c);
/// The first word, which is taken away with the blanks behind it.
std::string_view takeWord(std::string_view& rest);
/// "[12:3400]"
std::optional<Counters> bracketed(std::string_view word);

/// `iptables -S -v` writes "-c PACKETS BYTES" before the target of a rule. They are taken out: what
/// stands behind is moved over them, inside `text`, so that the rule stays one view into it.
std::string_view takeCounters(std::string& text, std::string_view rule, Counters& counters);

}  // namespace hitless::iptables
