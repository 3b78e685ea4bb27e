#pragma once

#include <string>
#include <string_view>

/// Text from outside on its way into something that a person or a program reads line by line.
namespace hitless::proxy {

/// Appends text so that it neither ends a line nor a quoted string: control characters, DEL and
/// bytes that are not ASCII as \xNN, a quote and a backslash after a backslash. As nginx's logs do.
void appendEscaped(std::string& out, std::string_view text);
inline std::string escaped(std::string_view text) {
  std::string out;
  appendEscaped(out, text);
  return out;
}

/// Appends a JSON string with its quotes. Bytes that are not UTF-8 (RFC 3629) become U+FFFD.
void appendJson(std::string& out, std::string_view text);
/// The text as JSON can have it.
std::string validUtf8(std::string_view text);

}  // namespace hitless::proxy
