#pragma once

#include <string_view>

namespace hitless::iptables {

/// The next word of a rule as it is written, without its quotes; `text` moves on behind it. Takes
/// nothing apart and copies nothing, for those who look at a million rules; rule.h for the rest.
std::string_view nextWord(std::string_view& text);

/// What stands behind -j or -g; empty if there is neither.
std::string_view targetOf(std::string_view rule);

}  // namespace hitless::iptables
