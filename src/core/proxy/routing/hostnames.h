#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Hostnames as listeners and routes have them: "a.io", "*.a.io" (one or more labels), "" or "*"
/// for all.
namespace hitless::proxy::routing {

/// Whether every name that `narrow` stands for is one of `wide`, too.
bool covers(std::string_view wide, std::string_view narrow);
/// What both stand for: the narrower one, "*" for all; nullopt: nothing.
std::optional<std::string> intersection(std::string_view a, std::string_view b);

}  // namespace hitless::proxy::routing
