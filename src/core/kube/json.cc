#include "core/kube/json.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::kube {

const json::value* find(const json::object& object, std::string_view key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &it->value();
}

const json::value* find(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::object* level = &object;
  const json::value* value = nullptr;
  for (const std::string_view key : path) {
    if (level == nullptr) {
      return nullptr;
    }
    value = find(*level, key);
    if (value == nullptr) {
      return nullptr;
    }
    level = value->if_object();
  }
  return value;
}

const json::object* findObject(const json::object& object,
                               std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* findArray(const json::object& object,
                             std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  return value == nullptr ? nullptr : value->if_array();
}

std::string_view text(const json::object& object, std::initializer_list<std::string_view> path,
                      std::string_view fallback) {
  const json::value* value = find(object, path);
  const json::string* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? fallback : std::string_view(*string);
}

std::optional<std::int64_t> optionalInteger(const json::object& object,
                                            std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  if (value == nullptr || !value->is_number()) {
    return std::nullopt;
  }
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional<std::int64_t>(number);
}

std::int64_t integer(const json::object& object, std::initializer_list<std::string_view> path,
                     std::int64_t fallback) {
  return optionalInteger(object, path).value_or(fallback);
}

std::optional<bool> optionalBoolean(const json::object& object,
                                    std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  const bool* flag = value == nullptr ? nullptr : value->if_bool();
  return flag == nullptr ? std::nullopt : std::optional<bool>(*flag);
}

bool boolean(const json::object& object, std::initializer_list<std::string_view> path,
             bool fallback) {
  return optionalBoolean(object, path).value_or(fallback);
}

json::object& ensureObject(json::object& object, std::initializer_list<std::string_view> path) {
  json::object* level = &object;
  for (const std::string_view key : path) {
    json::value& value = (*level)[key];
    if (!value.is_object()) {
      value.emplace_object();
    }
    level = &value.get_object();
  }
  return *level;
}

Result<json::value> parseJson(std::string_view input) {
  json::parse_options options;
  options.max_depth = 64;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(input.data(), input.size(), error);
  if (!error) {
    parser.finish(error);
  }
  if (!error && trim(input.substr(used)).empty()) {
    return parser.release();
  }
  return invalid(fmt::format("not valid JSON at offset {}: {}", used,
                             error ? error.message() : "text after the value"));
}

}  // namespace hitless::kube
