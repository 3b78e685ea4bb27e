#include "core/kube/defaulting.h"

#include "base/text.h"
#include "core/kube/defaulting_rules.h"
#include "core/kube/schema.h"

namespace hitless::kube {
namespace {

using schema::Field;
using schema::Message;
using schema::Scalar;
using schema::Shape;

bool isEmptyCollection(const json::value& value) {
  return (value.is_array() && value.get_array().empty()) ||
         (value.is_object() && value.get_object().empty());
}

/// Whether the API server's encoder would leave the value out.
bool isDropped(const Field* field, const json::value& value) {
  if (value.is_null()) {
    return true;
  }
  return field != nullptr && field->shape != Shape::kOne && !field->required && !field->always &&
         isEmptyCollection(value);
}

void dropEmpty(const Message& message, json::object& object) {
  for (auto it = object.begin(); it != object.end();) {
    it = isDropped(message.find(it->key()), it->value()) ? object.erase(it) : std::next(it);
  }
}

json::value defaultOf(const Field& field) {
  switch (field.scalar) {
    case Scalar::kMessage:
      return json::object{};
    case Scalar::kBool:
      return field.defaultText == "true";
    case Scalar::kInt32:
    case Scalar::kInt64:
      return parseInt(field.defaultText).value_or(0);
    case Scalar::kIntOrString:
      if (const auto number = parseInt(field.defaultText)) {
        return *number;
      }
      return json::string(field.defaultText);
    default:
      return json::string(field.defaultText);
  }
}

/// Go tells unset from zero only in pointer fields; elsewhere "" and 0 take the default too.
bool isUnset(const Field& field, const json::value& value) {
  if (const json::string* string = value.if_string()) {
    return string->empty();
  }
  const std::int64_t* number = value.if_int64();
  return field.zeroIsUnset && number != nullptr && *number == 0;
}

void fillField(const Field& field, json::object& object) {
  const auto it = object.find(field.name);
  if (it != object.end()) {
    if (field.hasDefault && field.shape == Shape::kOne && isUnset(field, it->value())) {
      it->value() = defaultOf(field);
    }
    return;
  }
  if (field.shape == Shape::kOne && (field.hasDefault || field.always)) {
    object.emplace(field.name, defaultOf(field));
  }
}

void fill(const Message& message, json::object& object) {
  dropEmpty(message, object);
  for (const Field& field : message.fields) {
    if (field.hasDefault || field.always) {
      fillField(field, object);
    }
  }
  for (auto& entry : object) {
    const Field* field = message.find(entry.key());
    if (field == nullptr || field->scalar != Scalar::kMessage) {
      continue;
    }
    if (json::object* child = entry.value().if_object()) {
      fill(*field->message, *child);
    } else if (json::array* list = entry.value().if_array()) {
      for (json::value& item : *list) {
        if (json::object* element = item.if_object()) {
          fill(*field->message, *element);
        }
      }
    }
  }
}

}  // namespace

void applyDefaults(const Resource& resource, json::object& object) {
  const DefaultingRule* rule = defaultingRule(resource);
  if (rule != nullptr && rule->before != nullptr) {
    rule->before(object);
  }
  fill(schema::messageOf(resource), object);
  if (rule != nullptr && rule->after != nullptr) {
    rule->after(object);
  }
}

}  // namespace hitless::kube
