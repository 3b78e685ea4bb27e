#include <fmt/format.h>

#include "base/clock.h"
#include "core/kube/quantity.h"
#include "core/kube/schema.h"
#include "core/kube/validation.h"

namespace hitless::kube {
namespace {

using schema::Field;
using schema::Message;
using schema::Scalar;
using schema::Shape;

/// Where in the document the decoder is. Like Go's, it names list fields without an index.
struct Position {
  const Message& owner;
  std::string path;
};

std::string_view jsonKind(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return "string";
    case json::kind::bool_:
      return "bool";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
    case json::kind::null:
      return "null";
    default:
      return "number";
  }
}

std::string goScalar(const Field& field) {
  switch (field.scalar) {
    case Scalar::kBool:
      return "bool";
    case Scalar::kInt32:
      return "int32";
    case Scalar::kInt64:
      return "int64";
    case Scalar::kBytes:
      return "[]uint8";
    case Scalar::kQuantity:
      return "resource.Quantity";
    case Scalar::kMessage:
      return fmt::format("v1.{}", field.message->name);
    default:
      return "string";
  }
}

std::string goType(const Field& field) {
  if (field.shape == Shape::kList) {
    return "[]" + goScalar(field);
  }
  if (field.shape == Shape::kMap) {
    const bool quantities = field.scalar == Scalar::kQuantity;
    return quantities ? "v1.ResourceList" : "map[string]" + goScalar(field);
  }
  return goScalar(field);
}

tl::unexpected<Error> mismatch(const Position& at, std::string_view found, std::string_view type) {
  return invalid(fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                             found, at.owner.name, at.path, type));
}

Status checkMessage(const Message& message, const json::object& object, const std::string& prefix);

Status checkInteger(const Position& at, const Field& field, const json::value& value) {
  if (!value.is_number()) {
    return mismatch(at, jsonKind(value), goScalar(field));
  }
  const std::int64_t low = field.scalar == Scalar::kInt32 ? INT32_MIN : INT64_MIN;
  const std::int64_t high = field.scalar == Scalar::kInt32 ? INT32_MAX : INT64_MAX;
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < low || *number > high) {
    return mismatch(at, fmt::format("number {}", json::serialize(value)), goScalar(field));
  }
  return {};
}

Status checkTime(const json::value& value) {
  const json::string* string = value.if_string();
  if (string == nullptr) {
    return invalid(
        fmt::format("json: cannot unmarshal {} into Go value of type string", jsonKind(value)));
  }
  if (!parseTime(*string)) {
    return invalid(fmt::format(
        "parsing time \"{0}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{0}\" as \"2006\"",
        std::string_view(*string)));
  }
  return {};
}

Status checkQuantity(const json::value& value) {
  const json::string* string = value.if_string();
  if (string == nullptr ? value.is_number() : isQuantity(*string)) {
    return {};
  }
  return invalid(
      "quantities must match the regular expression "
      "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

Status checkScalar(const Position& at, const Field& field, const json::value& value) {
  switch (field.scalar) {
    case Scalar::kInt32:
    case Scalar::kInt64:
      return checkInteger(at, field, value);
    case Scalar::kBool:
      return value.is_bool() ? Status{} : mismatch(at, jsonKind(value), "bool");
    case Scalar::kIntOrString:
      if (value.is_string() || value.is_int64()) {
        return {};
      }
      return invalid(
          fmt::format("json: cannot unmarshal {} into Go value of type int32", jsonKind(value)));
    case Scalar::kQuantity:
      return checkQuantity(value);
    case Scalar::kTime:
    case Scalar::kMicroTime:
      return checkTime(value);
    case Scalar::kAny:
      return {};
    case Scalar::kMessage:
      if (const json::object* object = value.if_object()) {
        return checkMessage(*field.message, *object, at.path + ".");
      }
      return mismatch(at, jsonKind(value), goScalar(field));
    default:
      return value.is_string() ? Status{} : mismatch(at, jsonKind(value), "string");
  }
}

Status checkField(const Position& at, const Field& field, const json::value& value) {
  if (value.is_null()) {
    return {};
  }
  if (field.shape == Shape::kOne) {
    return checkScalar(at, field, value);
  }
  if (field.shape == Shape::kList) {
    if (!value.is_array()) {
      return mismatch(at, jsonKind(value), goType(field));
    }
    for (const json::value& item : value.get_array()) {
      if (!item.is_null()) {
        TRY_VOID(checkScalar(at, field, item));
      }
    }
    return {};
  }
  if (!value.is_object()) {
    return mismatch(at, jsonKind(value), goType(field));
  }
  for (const auto& entry : value.get_object()) {
    if (!entry.value().is_null()) {
      TRY_VOID(checkScalar(at, field, entry.value()));
    }
  }
  return {};
}

Status checkMessage(const Message& message, const json::object& object, const std::string& prefix) {
  for (const auto& entry : object) {
    if (const Field* field = message.find(entry.key())) {
      TRY_VOID(checkField({message, prefix + std::string(entry.key())}, *field, entry.value()));
    }
  }
  return {};
}

}  // namespace

Status checkTypes(const Resource& resource, const json::object& object) {
  return checkMessage(schema::messageOf(resource), object, "");
}

}  // namespace hitless::kube
