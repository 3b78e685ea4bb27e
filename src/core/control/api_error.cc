#include "core/control/api_error.h"

#include <fmt/format.h>

#include "core/kube/http_status.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

constexpr std::string_view kModified =
    "the object has been modified; please apply your changes to the latest version and try again";

json::object statusHead(std::string_view status) {
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", json::object{}},
          {"status", json::string(status)}};
}

std::string qualifiedKind(std::string_view group, std::string_view kind) {
  return group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
}

}  // namespace

json::object statusOf(const ApiError& error) {
  json::object status = statusHead("Failure");
  if (!error.continueToken.empty()) {
    status["metadata"].get_object()["continue"] = error.continueToken;
  }
  status.emplace("message", error.message);
  if (!error.reason.empty()) {
    status.emplace("reason", error.reason);
  }
  if (error.details) {
    status.emplace("details", *error.details);
  }
  status.emplace("code", error.code);
  return status;
}

json::object successStatus(const kube::Resource& resource, std::string_view name,
                           std::string_view uid) {
  json::object status = statusHead("Success");
  if (!name.empty()) {
    json::object details = detailsOf(resource, name, resource.plural);
    if (!uid.empty()) {
      details.emplace("uid", uid);
    }
    status.emplace("details", std::move(details));
  }
  return status;
}

Error toError(const ApiError& error) {
  return Error{kube::errorKindOf(error.code), error.message, {}, {}, 0};
}

json::object detailsOf(const kube::Resource& resource, std::string_view name,
                       std::string_view kind) {
  json::object details{{"name", name}};
  if (!resource.group.empty()) {
    details.emplace("group", resource.group);
  }
  details.emplace("kind", kind);
  return details;
}

ApiError notFound(const kube::Resource& resource, std::string_view name) {
  return {404, "NotFound", fmt::format("{} \"{}\" not found", resource.qualified(), name),
          detailsOf(resource, name, resource.plural)};
}

ApiError alreadyExists(const kube::Resource& resource, std::string_view name) {
  return {409, "AlreadyExists", fmt::format("{} \"{}\" already exists", resource.qualified(), name),
          detailsOf(resource, name, resource.plural)};
}

ApiError conflict(const kube::Resource& resource, std::string_view name, std::string_view why) {
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(), name,
                      why),
          detailsOf(resource, name, resource.plural)};
}

ApiError modified(const kube::Resource& resource, std::string_view name) {
  return conflict(resource, name, kModified);
}

ApiError invalidObject(std::string_view group, std::string_view kind, std::string_view name,
                       const std::vector<kube::FieldError>& causes) {
  json::array list;
  std::string texts;
  for (const kube::FieldError& cause : causes) {
    texts += (texts.empty() ? "" : ", ") + cause.text();
    list.push_back(
        json::object{{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
  }
  if (causes.size() > 1) {
    texts = "[" + texts + "]";
  }
  json::object details;
  if (!name.empty()) {
    details.emplace("name", name);
  }
  if (!group.empty()) {
    details.emplace("group", group);
  }
  details.emplace("kind", kind);
  details.emplace("causes", std::move(list));
  return {422, "Invalid",
          fmt::format("{} \"{}\" is invalid: {}", qualifiedKind(group, kind), name, texts),
          std::move(details)};
}

ApiError forbidden(const kube::Resource& resource, std::string_view name, std::string_view why) {
  return {403, "Forbidden",
          fmt::format("{} \"{}\" is forbidden: {}", resource.qualified(), name, why),
          detailsOf(resource, name, resource.plural)};
}

ApiError badRequest(std::string message) {
  return {400, "BadRequest", std::move(message), {}};
}

ApiError unauthorized() {
  return {401, "Unauthorized", "Unauthorized", {}};
}

ApiError methodNotAllowed() {
  return {405, "MethodNotAllowed",
          "the server does not allow this method on the requested resource", json::object{}};
}

ApiError notAcceptable() {
  return {406, "NotAcceptable", "406: Not Acceptable", json::object{}};
}

ApiError unsupportedPatch() {
  return {415, "UnsupportedMediaType", "415: Unsupported Media Type", json::object{}};
}

ApiError unsupportedBody() {
  return {415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: "
          "application/json, application/yaml",
          {}};
}

ApiError expired(std::string message) {
  return {410, "Expired", std::move(message), {}};
}

ApiError tooLargeRevision(std::uint64_t wanted, std::uint64_t current) {
  return {
      504, "Timeout",
      fmt::format("Timeout: Too large resource version: {}, current: {}", wanted, current),
      json::object{{"causes", json::array{json::object{{"reason", "ResourceVersionTooLarge"},
                                                       {"message", "Too large resource version"}}}},
                   {"retryAfterSeconds", 1}}};
}

ApiError tooLargeBody(std::size_t limit) {
  return {413, "RequestEntityTooLarge", fmt::format("Request entity too large: limit is {}", limit),
          json::object{}};
}

ApiError internalError(std::string message) {
  return {500, "InternalError", "Internal error occurred: " + message,
          json::object{{"causes", json::array{json::object{{"message", message}}}}}};
}

}  // namespace hitless::control
