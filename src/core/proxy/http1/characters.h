#pragma once

#include <array>
#include <string_view>

/// Which bytes may stand where (RFC 9110 5.6.2, 5.5; RFC 3986).
namespace hitless::proxy::http1 {

namespace detail {

constexpr std::array<bool, 256> tokens() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c)
    table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<std::size_t>(c)] = true;
  }
  return table;
}

/// HTAB, SP, visible characters, and obs-text.
constexpr std::array<bool, 256> values() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 256; ++c)
    table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}

/// Visible ASCII: a request target is narrower, but what is behind us may be as lenient as others
/// are. White space and controls are what smuggling needs.
constexpr std::array<bool, 256> targets() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x21; c < 0x7f; ++c)
    table[c] = true;
  for (std::size_t c = 0x80; c < 256; ++c)
    table[c] = true;
  table['#'] = false;  // a fragment is never sent
  return table;
}

constexpr std::array<bool, 256> authorities() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x21; c < 0x7f; ++c)
    table[c] = true;
  for (const char c : std::string_view("/?#@\\\"<>^`{|}, ")) {
    table[static_cast<std::size_t>(c)] = false;
  }
  return table;
}

inline constexpr std::array<bool, 256> kToken = tokens();
inline constexpr std::array<bool, 256> kValue = values();
inline constexpr std::array<bool, 256> kTarget = targets();
inline constexpr std::array<bool, 256> kAuthority = authorities();

constexpr bool all(std::string_view text, const std::array<bool, 256>& table) {
  for (const char c : text) {
    if (!table[static_cast<unsigned char>(c)]) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

constexpr bool isToken(std::string_view text) {
  return !text.empty() && detail::all(text, detail::kToken);
}
constexpr bool isValue(std::string_view text) {
  return detail::all(text, detail::kValue);
}
constexpr bool isTarget(std::string_view text) {
  return !text.empty() && detail::all(text, detail::kTarget);
}
/// host[:port]; may be empty (RFC 9112 3.2).
constexpr bool isAuthority(std::string_view text) {
  return detail::all(text, detail::kAuthority);
}

}  // namespace hitless::proxy::http1
