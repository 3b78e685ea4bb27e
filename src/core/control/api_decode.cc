#include "core/control/api_decode.h"

#include <fmt/format.h>

#include "core/kube/validation.h"
#include "core/kube/yaml.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

/// Go's words for why a text is not JSON.
std::string goJsonError(std::string_view body) {
  json::stream_parser parser;
  boost::system::error_code error;
  const std::size_t used = parser.write_some(body.data(), body.size(), error);
  if (!error || error == json::error::incomplete || used >= body.size()) {
    return "unexpected end of JSON input";
  }
  return fmt::format("invalid character '{}' looking for beginning of value", body[used]);
}

/// The beginning of a body for an error message: text if it looks like JSON, else hexadecimal.
std::string summary(std::string_view body) {
  constexpr std::size_t kLength = 30;
  if (body.empty()) {
    return "<empty>";
  }
  if (body.front() == '{') {
    return std::string(body.substr(0, kLength)) + (body.size() > kLength ? " ..." : "");
  }
  std::string out;
  for (const char c : body.substr(0, kLength / 2)) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out + (body.size() > kLength / 2 ? " ..." : "");
}

tl::unexpected<ApiError> unrecognized(std::string_view kind, std::string_view why,
                                      std::string_view body) {
  return refuse(badRequest(fmt::format(
      "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json "
      "parse error: {} ({})",
      kind, why, summary(body))));
}

tl::unexpected<ApiError> cannotHandle(const kube::Resource& resource, std::string_view why) {
  return refuse(badRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                       resource.kind, resource.version, resource.kind, why)));
}

ApiResult<json::value> parseYamlBody(std::string_view kind, std::string_view body) {
  auto documents = kube::parseYaml(body, "body");
  if (!documents) {
    return refuse(badRequest(
        fmt::format("error converting YAML to JSON of {}: {}", kind, documents.error().text())));
  }
  if (documents->size() != 1) {
    return unrecognized(kind, fmt::format("{} documents in one body", documents->size()), body);
  }
  return std::move(documents->front().value);
}

ApiResult<json::value> parseJsonBody(std::string_view kind, std::string_view body) {
  auto value = kube::parseJson(body);
  if (!value) {
    return unrecognized(kind, goJsonError(body), body);
  }
  return *std::move(value);
}

tl::unexpected<ApiError> badOption(std::string_view optionsKind, std::string field,
                                   std::string message) {
  return refuse(invalidObject("meta.k8s.io", optionsKind, "",
                              {{"FieldValueNotSupported", std::move(field), std::move(message)}}));
}

}  // namespace

ApiResult<json::object> parseBody(std::string_view kind, std::string_view contentType,
                                  std::string_view body) {
  const std::string type = mediaType(contentType);
  const bool yaml = type.find("yaml") != std::string::npos;
  if (!yaml && !type.empty() && type != "*/*" && type.find("json") == std::string::npos) {
    return refuse(unsupportedBody());
  }
  json::value value =
      yaml ? API_TRY(parseYamlBody(kind, body)) : API_TRY(parseJsonBody(kind, body));
  if (!value.is_object()) {
    return unrecognized(kind, "json: cannot unmarshal a value that is not an object", body);
  }
  return std::move(value.get_object());
}

ApiStatus checkKind(const kube::Resource& resource, json::object& object) {
  const std::string_view kind = kube::text(object, {"kind"});
  if (!kind.empty() && kind != resource.kind) {
    const std::string given(kind);
    return refuse(
        badRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}: converting ({}) to "
                               "({}): unknown conversion",
                               given, resource.version, resource.kind, given, resource.kind)));
  }
  const std::string_view version = kube::text(object, {"apiVersion"});
  if (!version.empty() && version != resource.apiVersion()) {
    return refuse(badRequest(
        fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                    version, resource.apiVersion())));
  }
  object["apiVersion"] = resource.apiVersion();
  object["kind"] = json::string(resource.kind);
  return {};
}

ApiStatus checkContent(const kube::Resource& resource, json::object& object,
                       FieldValidation validation, std::vector<std::string>& warnings) {
  if (const Status types = kube::checkTypes(resource, object); !types) {
    return cannotHandle(resource, types.error().message);
  }
  const std::vector<std::string> unknown = kube::unknownFields(resource, object);
  if (unknown.empty()) {
    return {};
  }
  std::string texts;
  for (const std::string& path : unknown) {
    const std::string text = fmt::format("unknown field \"{}\"", path);
    texts += (texts.empty() ? "" : ", ") + text;
    if (validation == FieldValidation::kWarn) {
      warnings.push_back(text);
    }
  }
  if (validation == FieldValidation::kStrict) {
    return cannotHandle(resource, "strict decoding error: " + texts);
  }
  kube::pruneUnknown(resource, object);
  return {};
}

ApiResult<json::object> decodeObject(const kube::Resource& resource, const ApiRequest& request,
                                     FieldValidation validation,
                                     std::vector<std::string>& warnings) {
  json::object object = API_TRY(parseBody(resource.kind, request.contentType, request.body));
  API_TRY_VOID(checkKind(resource, object));
  API_TRY_VOID(checkContent(resource, object, validation, warnings));
  return object;
}

ApiResult<WriteParameters> writeParameters(const ApiRequest& request,
                                           std::string_view optionsKind) {
  WriteParameters out;
  for (const std::string& value : request.query.all("dryRun")) {
    if (!value.empty() && value != "All") {
      return badOption(optionsKind, "dryRun",
                       fmt::format("Unsupported value: []string{{\"{}\"}}: supported values: "
                                   "\"All\"",
                                   value));
    }
    out.dryRun = value == "All";
  }
  const std::string_view validation = request.query.get("fieldValidation");
  if (validation == "Strict") {
    out.validation = FieldValidation::kStrict;
  } else if (validation == "Ignore") {
    out.validation = FieldValidation::kIgnore;
  } else if (!validation.empty() && validation != "Warn") {
    return badOption(optionsKind, "fieldValidation",
                     fmt::format("Unsupported value: \"{}\": supported values: \"\", \"Ignore\", "
                                 "\"Strict\", \"Warn\"",
                                 validation));
  }
  out.fieldManager = std::string(request.query.get("fieldManager"));
  if (out.fieldManager.empty()) {
    out.fieldManager = request.userAgent.substr(0, request.userAgent.find('/'));
  }
  if (out.fieldManager.empty()) {
    out.fieldManager = "unknown";
  }
  return out;
}

}  // namespace hitless::control
