#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// The part of a request's target after the question mark.
namespace hitless::proxy::routing {

/// Path and query of "/path?query", without the question mark.
std::pair<std::string_view, std::string_view> splitQuery(std::string_view target);
/// The value of the first parameter of that name; names and values are compared as they are after
/// percent-decoding. A parameter without "=" has the empty value. nullopt: there is none.
std::optional<std::string> queryValue(std::string_view query, std::string_view name);

}  // namespace hitless::proxy::routing
