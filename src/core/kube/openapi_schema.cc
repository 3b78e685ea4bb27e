#include "core/kube/openapi_schema.h"

#include <fmt/format.h>

namespace hitless::kube {
namespace {

using schema::Field;
using schema::ListType;
using schema::Message;
using schema::Package;
using schema::Scalar;
using schema::Shape;

std::string_view packageName(Package package) {
  switch (package) {
    case Package::kMeta:
      return "io.k8s.apimachinery.pkg.apis.meta.v1";
    case Package::kCore:
      return "io.k8s.api.core.v1";
    case Package::kApps:
      return "io.k8s.api.apps.v1";
    case Package::kDiscovery:
      return "io.k8s.api.discovery.v1";
    case Package::kCoordination:
      return "io.k8s.api.coordination.v1";
    case Package::kRbac:
      return "io.k8s.api.rbac.v1";
    case Package::kAdmission:
      return "io.k8s.api.admissionregistration.v1";
    case Package::kNetworking:
      return "io.k8s.api.networking.v1";
    case Package::kPolicy:
      return "io.k8s.api.policy.v1";
    case Package::kBatch:
      return "io.k8s.api.batch.v1";
    case Package::kGateway:
      return "io.k8s.networking.gateway.v1";
  }
  return "";
}

std::string schemaName(const Message& message) {
  return fmt::format("{}.{}", packageName(message.package), message.name);
}

/// Scalars that have a schema of their own, by which `kubectl explain` names them.
struct NamedScalar {
  Scalar scalar;
  std::string_view name;
  std::string_view type;
  std::string_view format;
  std::string_view doc;
};
constexpr NamedScalar kNamedScalars[] = {
    {Scalar::kIntOrString, "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "string",
     "int-or-string", "A number, or text such as a percentage or a name."},
    {Scalar::kQuantity, "io.k8s.apimachinery.pkg.api.resource.Quantity", "string", "",
     "A number with a unit, such as 100m, 1.5 or 64Mi."},
    {Scalar::kTime, "io.k8s.apimachinery.pkg.apis.meta.v1.Time", "string", "date-time",
     "A time in RFC 3339, in whole seconds."},
    {Scalar::kMicroTime, "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "string", "date-time",
     "A time in RFC 3339, in microseconds."},
};

json::object reference(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

/// The schema of one value, without list or map around it.
json::object valueSchema(const Field& field, json::object& schemas) {
  for (const NamedScalar& named : kNamedScalars) {
    if (named.scalar == field.scalar) {
      json::object schema{{"description", named.doc}, {"type", named.type}};
      if (!named.format.empty()) {
        schema["format"] = named.format;
      }
      schemas.emplace(named.name, std::move(schema));
      return reference(named.name);
    }
  }
  switch (field.scalar) {
    case Scalar::kMessage:
      return reference(schemaName(*field.message));
    case Scalar::kBool:
      return {{"type", "boolean"}};
    case Scalar::kInt32:
      return {{"type", "integer"}, {"format", "int32"}};
    case Scalar::kInt64:
      return {{"type", "integer"}, {"format", "int64"}};
    case Scalar::kBytes:
      return {{"type", "string"}, {"format", "byte"}};
    case Scalar::kAny:
      return {{"type", "object"}};
    default:
      return {{"type", "string"}};
  }
}

void annotateList(const Field& field, json::object& schema) {
  std::string strategy = !field.patchKey.empty() ? "merge" : "";
  if (field.listType == ListType::kSet) {
    strategy = "merge";
  }
  if (field.retainKeys) {
    strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
  }
  if (!strategy.empty()) {
    schema["x-kubernetes-patch-strategy"] = strategy;
  }
  if (!field.patchKey.empty()) {
    schema["x-kubernetes-patch-merge-key"] = field.patchKey;
  }
  if (field.shape != Shape::kList) {
    return;
  }
  switch (field.listType) {
    case ListType::kAtomic:
      schema["x-kubernetes-list-type"] = "atomic";
      break;
    case ListType::kSet:
      schema["x-kubernetes-list-type"] = "set";
      break;
    case ListType::kMap: {
      json::array keys;
      for (const std::string_view key : field.keys) {
        if (!key.empty()) {
          keys.emplace_back(key);
        }
      }
      schema["x-kubernetes-list-type"] = "map";
      schema["x-kubernetes-list-map-keys"] = std::move(keys);
      break;
    }
  }
}

json::object fieldSchema(const Field& field, json::object& schemas) {
  json::object value = valueSchema(field, schemas);
  json::object out;
  if (field.shape == Shape::kList) {
    out = {{"type", "array"}, {"items", std::move(value)}};
  } else if (field.shape == Shape::kMap) {
    out = {{"type", "object"}, {"additionalProperties", std::move(value)}};
  } else if (value.contains("$ref")) {
    // A description beside a $ref would be ignored; allOf carries both.
    out["allOf"] = json::array{std::move(value)};
  } else {
    out = std::move(value);
  }
  // `kubectl explain` prints the description of the field and that of its type.
  const bool repeats = field.message != nullptr && field.message->doc == field.doc;
  if (!field.doc.empty() && !repeats) {
    out["description"] = field.doc;
  }
  if (!field.values.empty() && field.shape == Shape::kOne) {
    json::array allowed;
    for (const std::string_view item : field.values) {
      allowed.emplace_back(item);
    }
    out["enum"] = std::move(allowed);
  }
  if (field.atomic) {
    out["x-kubernetes-map-type"] = "atomic";
  }
  annotateList(field, out);
  return out;
}

void addMessage(const Message& message, json::object& schemas) {
  const std::string name = schemaName(message);
  if (schemas.contains(name)) {
    return;
  }
  schemas.emplace(name, json::object{});
  json::object properties;
  json::array required;
  for (const Field& field : message.fields) {
    properties.emplace(field.name, fieldSchema(field, schemas));
    if (field.required) {
      required.emplace_back(field.name);
    }
    if (field.message != nullptr) {
      addMessage(*field.message, schemas);
    }
  }
  json::object out{
      {"description", message.doc}, {"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) {
    out["required"] = std::move(required);
  }
  if (message.atomic) {
    out["x-kubernetes-map-type"] = "atomic";
  }
  schemas[name] = std::move(out);
}

}  // namespace

void addSchemas(const Resource& resource, json::object& schemas) {
  const Message& message = schema::messageOf(resource);
  addMessage(message, schemas);
  schemas[schemaName(message)].as_object()["x-kubernetes-group-version-kind"] = json::array{
      {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}}};
}

}  // namespace hitless::kube
