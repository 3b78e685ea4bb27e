#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "core/kube/names.h"
#include "core/kube/schema.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

using schema::Check;
using schema::Field;
using schema::Message;
using schema::Scalar;
using schema::Shape;

bool isUnset(const json::value* value) {
  return value == nullptr || value->is_null() ||
         (value->is_string() && value->get_string().empty()) ||
         (value->is_array() && value->get_array().empty());
}

std::optional<std::string> numberError(Check check, std::int64_t number) {
  switch (check) {
    case Check::kNonNegative:
      return number < 0 ? std::optional("must be greater than or equal to 0") : std::nullopt;
    case Check::kPositive:
      return number < 1 ? std::optional("must be greater than 0") : std::nullopt;
    case Check::kPortNumber:
    case Check::kPortOrName:
      return number < 1 || number > 65535 ? std::optional("must be between 1 and 65535, inclusive")
                                          : std::nullopt;
    case Check::kFileMode:
      return number < 0 || number > 0777
                 ? std::optional("must be a number between 0 and 0777 (octal), both inclusive")
                 : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> textError(Check check, std::string_view text) {
  switch (check) {
    case Check::kPortName:
    case Check::kPortOrName:
      return portNameError(text);
    case Check::kDnsLabel:
      return dnsLabelError(text);
    case Check::kDnsSubdomain:
      return dnsSubdomainError(text);
    case Check::kQualifiedName:
      return qualifiedNameError(text);
    case Check::kEnvName:
      return envNameError(text);
    case Check::kIpAddress:
      return IpAddress::parse(text)
                 ? std::nullopt
                 : std::optional("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    default:
      return std::nullopt;
  }
}

void checkScalar(const Field& field, const json::value& value, const std::string& path,
                 FieldErrors& errors) {
  const json::string* string = value.if_string();
  if (string != nullptr && !string->empty()) {
    const auto& allowed = field.values;
    if (!allowed.empty() &&
        std::find(allowed.begin(), allowed.end(), std::string_view(*string)) == allowed.end()) {
      errors.notSupported(path, *string, allowed);
    }
    if (const auto error = textError(field.check, *string)) {
      errors.invalid(path, value, *error);
    }
  }
  if (const std::int64_t* number = value.if_int64()) {
    if (const auto error = numberError(field.check, *number)) {
      errors.invalid(path, value, *error);
    }
  }
}

void checkMessage(const Message& message, const json::object& object, const std::string& prefix,
                  FieldErrors& errors);

void checkField(const Field& field, const json::value& value, const std::string& path,
                FieldErrors& errors) {
  if (field.scalar == Scalar::kMessage && field.shape == Shape::kOne) {
    if (const json::object* object = value.if_object()) {
      checkMessage(*field.message, *object, path + ".", errors);
    }
    return;
  }
  if (field.shape == Shape::kOne) {
    checkScalar(field, value, path, errors);
    return;
  }
  const json::array* list = value.if_array();
  if (list == nullptr || field.scalar != Scalar::kMessage) {
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const json::object* item = (*list)[i].if_object()) {
      checkMessage(*field.message, *item, fmt::format("{}[{}].", path, i), errors);
    }
  }
}

void checkMessage(const Message& message, const json::object& object, const std::string& prefix,
                  FieldErrors& errors) {
  for (const Field& field : message.fields) {
    const json::value* value = find(object, field.name);
    if (isUnset(value)) {
      // What the encoder always writes is there even when it is empty.
      if (field.required && (value == nullptr || !field.always || field.shape == Shape::kList)) {
        errors.required(fmt::format("{}{}", prefix, field.name));
      }
    } else {
      checkField(field, *value, fmt::format("{}{}", prefix, field.name), errors);
    }
  }
}

}  // namespace

void validateSchema(const Resource& resource, const json::object& object, FieldErrors& errors) {
  const Message& message = schema::messageOf(resource);
  for (const Field& field : message.fields) {
    // metadata has its own rules (validate_meta.cc).
    if (field.name == "status" || field.name == "metadata") {
      continue;
    }
    const json::value* value = find(object, field.name);
    if (isUnset(value)) {
      if (field.required && !field.always) {
        errors.required(std::string(field.name));
      }
    } else {
      checkField(field, *value, std::string(field.name), errors);
    }
  }
}

}  // namespace hitless::kube
