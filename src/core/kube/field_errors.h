#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/field_error.h"
#include "core/kube/json.h"

namespace hitless::kube {

/// Collects field errors, in the API server's wording for each kind of mistake.
class FieldErrors {
 public:
  void required(std::string field, std::string_view detail = {});
  /// `value` as JSON; text is quoted, numbers and booleans are not.
  void invalid(std::string field, const json::value& value, std::string_view detail);
  /// `value` as the message is to show it.
  void invalidText(std::string field, std::string_view value, std::string_view detail);
  void notSupported(std::string field, std::string_view value,
                    std::span<const std::string_view> supported);
  void duplicate(std::string field, const json::value& value);
  void forbidden(std::string field, std::string_view detail);
  void notFound(std::string field, std::string_view value);
  void tooLong(std::string field, std::size_t limit);
  void tooMany(std::string field, std::size_t actual, std::size_t limit);

  std::vector<FieldError> take() { return std::move(errors_); }
  bool empty() const { return errors_.empty(); }

 private:
  void add(std::string_view reason, std::string field, std::string message);
  std::vector<FieldError> errors_;
};

/// A value as Go's %#v and field errors show it: "text" quoted, 3, true, and maps as
/// map[string]string{"a":"b"}.
std::string goText(const json::value& value);
/// A label selector as Go's %#v shows it.
std::string goSelector(const json::object& selector);

}  // namespace hitless::kube
