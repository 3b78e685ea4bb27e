#include "core/kube/openapi.h"

#include <fmt/format.h>

#include <span>

#include "core/kube/openapi_schema.h"
#include "core/kube/resource.h"

namespace hitless::kube {
namespace {

/// A query parameter that kubectl looks for before it uses the feature.
struct Parameter {
  std::string_view name;
  std::string_view type;
  std::string_view doc;
};
constexpr Parameter kReadParameters[] = {
    {"pretty", "string", "No effect."},
};
constexpr Parameter kWriteParameters[] = {
    {"dryRun", "string", "All: check everything, change nothing."},
    {"fieldManager", "string", "Who writes."},
    {"fieldValidation", "string", "What to do about unknown fields: Ignore, Warn or Strict."},
};
constexpr Parameter kPatchParameters[] = {
    {"dryRun", "string", "All: check everything, change nothing."},
    {"fieldManager", "string", "Who writes."},
    {"fieldValidation", "string", "What to do about unknown fields: Ignore, Warn or Strict."},
    {"force", "boolean", "Server-side apply: take over fields of others."},
};

struct Operation {
  std::string_view method;
  std::string_view action;
  std::span<const Parameter> parameters;
};
constexpr Operation kCollectionOperations[] = {
    {"get", "list", kReadParameters},
    {"post", "post", kWriteParameters},
};
constexpr Operation kItemOperations[] = {
    {"get", "get", kReadParameters},
    {"put", "put", kWriteParameters},
    {"patch", "patch", kPatchParameters},
    {"delete", "delete", kReadParameters},
};

std::string rootOf(std::string_view group, std::string_view version) {
  return group.empty() ? fmt::format("api/{}", version) : fmt::format("apis/{}/{}", group, version);
}

json::object operationOf(const Resource& resource, const Operation& operation) {
  json::array parameters;
  for (const Parameter& parameter : operation.parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"in", "query"},
                          {"description", parameter.doc},
                          {"schema", {{"type", parameter.type}}}});
  }
  return {{"x-kubernetes-action", operation.action},
          {"x-kubernetes-group-version-kind",
           {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}}},
          {"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "OK"}}}}}};
}

json::object pathItem(const Resource& resource, std::span<const Operation> operations) {
  json::object out;
  for (const Operation& operation : operations) {
    out.emplace(operation.method, operationOf(resource, operation));
  }
  return out;
}

void addPaths(const Resource& resource, json::object& paths) {
  const std::string collection =
      fmt::format("/{}/{}{}", rootOf(resource.group, resource.version),
                  resource.namespaced ? "namespaces/{namespace}/" : "", resource.plural);
  paths.emplace(collection, pathItem(resource, kCollectionOperations));
  paths.emplace(collection + "/{name}", pathItem(resource, kItemOperations));
}

/// FNV-1a: a name for the content, so that a client's cache notices a change.
std::string contentHash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return fmt::format("{:016X}", hash);
}

/// A length-delimited protobuf field of at most 127 bytes.
std::string protobufField(int number, std::string_view bytes) {
  std::string out;
  out += static_cast<char>(number << 3 | 2);
  out += static_cast<char>(bytes.size());
  out += bytes;
  return out;
}

constexpr std::string_view kTitle = "Kubernetes";
constexpr std::string_view kVersion = "v1.33.0";

}  // namespace

json::object openApiV3Index() {
  json::object paths;
  for (const Resource& resource : resources()) {
    const std::string root = rootOf(resource.group, resource.version);
    if (!paths.contains(root)) {
      const std::string document = json::serialize(openApiV3(resource.group, resource.version));
      paths.emplace(
          root, json::object{{"serverRelativeURL",
                              fmt::format("/openapi/v3/{}?hash={}", root, contentHash(document))}});
    }
  }
  return {{"paths", std::move(paths)}};
}

json::object openApiV3(std::string_view group, std::string_view version) {
  json::object paths;
  json::object schemas;
  for (const Resource& resource : resources()) {
    if (resource.group == group && resource.version == version) {
      addPaths(resource, paths);
      addSchemas(resource, schemas);
    }
  }
  if (paths.empty()) {
    return {};
  }
  return {{"openapi", "3.0.0"},
          {"info", {{"title", kTitle}, {"version", kVersion}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", std::move(schemas)}}}};
}

std::string openApiV2Protobuf() {
  // openapi.v2.Document: swagger = 1, info = 2 { title = 1, version = 2 }.
  const std::string info = protobufField(1, kTitle) + protobufField(2, kVersion);
  return protobufField(1, "2.0") + protobufField(2, info);
}

}  // namespace hitless::kube
