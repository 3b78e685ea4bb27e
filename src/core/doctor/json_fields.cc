#include "core/doctor/json_fields.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace hitless::doctor::fields {

Result<boost::json::object> parseObject(std::string_view text, std::string_view what) {
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, failed);
  if (failed) {
    return invalid(fmt::format("{} is no JSON: {}", what, failed.message()));
  }
  if (!value.is_object()) {
    return invalid(fmt::format("{} is no JSON object", what));
  }
  return std::move(value.get_object());
}

std::optional<std::int64_t> integer(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (const auto* number = value->if_int64()) {
    return *number;
  }
  const auto* number = value->if_uint64();
  return number != nullptr && *number <= INT64_MAX
             ? std::optional(static_cast<std::int64_t>(*number))
             : std::nullopt;
}

std::uint64_t count(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value != nullptr && value->is_uint64()) {
    return value->get_uint64();
  }
  const auto number = integer(from, key);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

double real(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value != nullptr && value->is_double()) {
    return value->get_double();
  }
  return static_cast<double>(integer(from, key).value_or(0));
}

bool flag(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<IpAddress> address(const boost::json::object& from, std::string_view key) {
  return IpAddress::parse(text(from, key));
}

std::optional<Cidr> network(const boost::json::object& from, std::string_view key) {
  const auto parsed = Cidr::parse(text(from, key));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

const boost::json::array& list(const boost::json::object& from, std::string_view key) {
  static const boost::json::array kNone;
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

}  // namespace hitless::doctor::fields
