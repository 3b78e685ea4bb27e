#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hitless::kube {

namespace json = boost::json;

/// An API object as the API server keeps it: immutable and shared between store, watchers and
/// caches.
using ObjectPtr = std::shared_ptr<const json::object>;

// Tolerant readers: a missing or wrongly typed field reads as "not there". They never throw.

/// The value at a path of keys ({"spec", "replicas"}), or nullptr.
const json::value* find(const json::object& object, std::initializer_list<std::string_view> path);
const json::value* find(const json::object& object, std::string_view key);
const json::object* findObject(const json::object& object,
                               std::initializer_list<std::string_view> path);
const json::array* findArray(const json::object& object,
                             std::initializer_list<std::string_view> path);

std::string_view text(const json::object& object, std::initializer_list<std::string_view> path,
                      std::string_view fallback = {});
std::int64_t integer(const json::object& object, std::initializer_list<std::string_view> path,
                     std::int64_t fallback = 0);
bool boolean(const json::object& object, std::initializer_list<std::string_view> path,
             bool fallback = false);
std::optional<std::int64_t> optionalInteger(const json::object& object,
                                            std::initializer_list<std::string_view> path);
std::optional<bool> optionalBoolean(const json::object& object,
                                    std::initializer_list<std::string_view> path);

/// The object at a path, made (with its parents) where it is missing or not an object.
json::object& ensureObject(json::object& object, std::initializer_list<std::string_view> path);

/// Parses JSON with bounded depth (64); the error tells the offset.
Result<json::value> parseJson(std::string_view text);

}  // namespace hitless::kube
