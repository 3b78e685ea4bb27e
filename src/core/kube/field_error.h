#pragma once

#include <string>

namespace hitless::kube {

/// One cause of a 422 Invalid (or, from server-side apply, of a 409 Conflict).
struct FieldError {
  /// FieldValueInvalid, FieldValueRequired, FieldValueNotSupported, FieldValueForbidden,
  /// FieldValueDuplicate, FieldValueTooLong, FieldValueTooMany, FieldManagerConflict
  std::string reason;
  std::string field;    ///< "spec.template.spec.containers[0].image"
  std::string message;  ///< "Invalid value: -1: must be greater than or equal to 0"

  /// "field: message": the form in which the status message lists it.
  std::string text() const { return field + ": " + message; }
  bool operator==(const FieldError&) const = default;
};

}  // namespace hitless::kube
