#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hitless::proxy {

/// One header field. The name is lower case (RFC 9113 8.2.1; RFC 9110 5.1 does not care).
struct Field {
  std::string_view name;
  std::string_view value;
  bool operator==(const Field&) const = default;
};

/// The header or trailer fields of a message, in the order in which they came. All text lies in one
/// piece of memory. What add() is given is taken as it is: codecs check it, see field_rules.h.
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<Field> fields);

  /// Turns the name to lower case.
  void add(std::string_view name, std::string_view value);
  std::size_t size() const { return spans_.size(); }
  bool empty() const { return spans_.empty(); }
  /// Valid until the next change.
  Field operator[](std::size_t index) const;

  /// The first of this name, which is given in lower case.
  std::optional<std::string_view> find(std::string_view name) const;
  /// All of this name, joined by ", " (RFC 9110 5.3); nullopt if there is none.
  std::optional<std::string> joined(std::string_view name) const;
  /// One field of this name instead of all that there are.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  void clear();

  /// As limits count them: names, values, and 32 for each (RFC 9113 6.5.2).
  std::size_t bytes() const { return text_.size() + 32 * spans_.size(); }

  /// Same names with same values in the same order.
  bool operator==(const Fields& other) const;

 private:
  struct Span {
    std::uint32_t begin = 0;  ///< Of the name in text_; the value follows it.
    std::uint32_t name = 0;   ///< Lengths.
    std::uint32_t value = 0;
  };
  std::string text_;
  std::vector<Span> spans_;
};

}  // namespace hitless::proxy
