#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip.h"

/// Reading the JSON of evidence, which may come from a bundle that anybody has written: what is
/// missing or of another kind reads as nothing.
namespace hitless::doctor::fields {

/// The object that a text is. `what` names the evidence in the error.
Result<boost::json::object> parseObject(std::string_view text, std::string_view what);

/// 0 if missing, negative or no whole number.
std::uint64_t count(const boost::json::object& from, std::string_view key);
std::optional<std::int64_t> integer(const boost::json::object& from, std::string_view key);
double real(const boost::json::object& from, std::string_view key);
bool flag(const boost::json::object& from, std::string_view key);
std::string text(const boost::json::object& from, std::string_view key);
std::optional<IpAddress> address(const boost::json::object& from, std::string_view key);
std::optional<Cidr> network(const boost::json::object& from, std::string_view key);
/// An empty one if missing.
const boost::json::array& list(const boost::json::object& from, std::string_view key);

/// The same as a smaller number; 0 if it does not fit.
template <class Number>
Number small(const boost::json::object& from, std::string_view key) {
  const std::uint64_t value = count(from, key);
  return value <= std::numeric_limits<Number>::max() ? static_cast<Number>(value) : Number{};
}

/// Calls `each` with every object of a list.
template <class Each>
void eachObject(const boost::json::object& from, std::string_view key, Each each) {
  for (const auto& entry : list(from, key)) {
    if (entry.is_object()) {
      each(entry.get_object());
    }
  }
}

}  // namespace hitless::doctor::fields
