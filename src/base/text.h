#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hitless {

/// The parts between separators; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Without white space at both ends.
std::string_view trim(std::string_view text);
std::string toLower(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// The whole text as a decimal number; nullopt for anything else (sign, blanks, overflow).
std::optional<std::uint64_t> parseUint(std::string_view text);
std::optional<std::int64_t> parseInt(std::string_view text);
/// Go's strconv.ParseBool: 1 t T TRUE true True and 0 f F FALSE false False.
std::optional<bool> parseBool(std::string_view text);
/// The candidate nearest to `word` by edit distance if it is near enough to be meant ("did you
/// mean").
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace hitless
