#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "core/kube/each.h"
#include "core/kube/field_errors.h"
#include "core/kube/json.h"

/// Checks of single fields in the words in which the API server judges custom resources ("spec.port
/// in body should be ..."). Each takes the object, the field and the object's path; what is not
/// there, or of another type, is fine here.
namespace hitless::kube {

/// How an expression's error shows the value that it is about.
inline constexpr std::string_view kCelObject = "\"object\"";
inline constexpr std::string_view kCelArray = "\"array\"";

void checkRange(const json::object& object, std::string_view field, const std::string& path,
                std::int64_t least, std::int64_t most, FieldErrors& errors);
/// Characters of text; it must not be empty either.
void checkLength(const json::object& object, std::string_view field, const std::string& path,
                 std::size_t most, FieldErrors& errors);
/// Items of a list.
void checkSize(const json::object& object, std::string_view field, const std::string& path,
               std::int64_t least, std::int64_t most, FieldErrors& errors);
/// `pattern` is how the definition spells what `matches` tests.
void checkPattern(const json::object& object, std::string_view field, const std::string& path,
                  bool (*matches)(std::string_view), std::string_view pattern, FieldErrors& errors);
/// A host name, optionally with "*." before it.
void checkHostname(const json::object& object, std::string_view field, const std::string& path,
                   bool wildcard, FieldErrors& errors);
void checkSectionName(const json::object& object, std::string_view field, const std::string& path,
                      FieldErrors& errors);
/// A list of text, each a host name.
void checkHostnames(const json::object& object, std::string_view field, const std::string& path,
                    FieldErrors& errors);

/// GEP-2257: up to four numbers of up to five digits, each with h, m, s or ms; nullopt if it is
/// none.
std::optional<nanoseconds> gatewayDuration(std::string_view text);
/// "example.com/path", as controllers are named.
bool isDomainPath(std::string_view text);
inline constexpr std::string_view kDomainPathPattern =
    R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$)";
/// A header's name (RFC 9110 5.1).
bool isHeaderName(std::string_view text);
inline constexpr std::string_view kHeaderNamePattern = R"(^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$)";

}  // namespace hitless::kube
