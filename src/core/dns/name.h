#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"
#include "core/dns/types.h"

namespace hitless::dns {

/// A domain name in wire form: labels with a length byte each, ended by the root's zero byte (RFC
/// 1035 3.1), without compression and in lower case, so that equal names are equal bytes (RFC
/// 4343).
class Name {
 public:
  /// The root.
  Name() : wire_(1, '\0') {}

  /// Presentation form with \DDD and \X escapes; a final dot is optional, every name is taken as
  /// absolute. kInvalid if a label is empty or longer than 63 bytes or the name than 255.
  static Result<Name> parse(std::string_view text);
  /// `wire` must be one whole name in wire form.
  static Name fromWire(std::string_view wire);

  std::string_view wire() const { return wire_; }
  /// Presentation form with the final dot.
  std::string text() const;
  bool isRoot() const { return wire_.size() == 1; }
  bool within(const Name& zone) const;
  /// `label`.this; the root if that would be too long, or the label is empty or too long.
  Name under(std::string_view label) const;

  auto operator<=>(const Name&) const = default;

 private:
  std::string wire_;
};

/// The same on wire forms that are views of something larger. All must be whole names.
std::string textOf(std::string_view wire);
/// True if the name is `zone` or below it. Both in lower case.
bool within(std::string_view wire, std::string_view zone);
/// Without the first label; `wire` must not be the root.
inline std::string_view parentOf(std::string_view wire) {
  return wire.substr(1 + static_cast<std::uint8_t>(wire[0]));
}
inline std::string_view firstLabel(std::string_view wire) {
  return wire.substr(1, static_cast<std::uint8_t>(wire[0]));
}
inline char lowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace hitless::dns
