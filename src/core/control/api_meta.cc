#include <fmt/format.h>

#include "core/control/api_handlers.h"
#include "core/kube/discovery.h"
#include "core/kube/openapi.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

constexpr std::string_view kOpenApiV2Type =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

std::optional<ApiResponse> documentOr404(const json::object& document) {
  return document.empty() ? std::nullopt : std::optional(jsonResponse(200, document));
}

json::object versionDocument() {
  return {{"major", "1"},    {"minor", "33"},           {"gitVersion", "v1.33.0"},
          {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""}, {"compiler", "gcc"},       {"platform", "linux/amd64"}};
}

ApiResponse discovery(const ApiRequest& request, bool core, const Api::Options& options) {
  if (const std::string_view version = discoveryVersion(request.accept); !version.empty()) {
    ApiResponse response = jsonResponse(200, kube::aggregatedDiscovery(core, version));
    response.contentType = fmt::format(
        "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version);
    return response;
  }
  return jsonResponse(200, core ? kube::apiVersions(options.serverAddress) : kube::apiGroupList());
}

/// "yes, always": there is no authorization beyond the token.
std::optional<ApiResponse> reviewAccess(const ApiRequest& request) {
  auto review = parseBody("SelfSubjectAccessReview", request.contentType, request.body);
  if (!review) {
    return errorResponse(review.error());
  }
  (*review)["kind"] = "SelfSubjectAccessReview";
  (*review)["apiVersion"] = "authorization.k8s.io/v1";
  (*review)["status"] = json::object{{"allowed", true}};
  return jsonResponse(201, *review);
}

bool isHealth(std::string_view first) {
  return first == "livez" || first == "readyz" || first == "healthz";
}

std::optional<ApiResponse> serveOpenApi(const std::vector<std::string>& path) {
  if (path.size() == 2 && path[1] == "v2") {
    return ApiResponse{200, std::string(kOpenApiV2Type), kube::openApiV2Protobuf(), {}};
  }
  if (path.size() < 2 || path[1] != "v3") {
    return std::nullopt;
  }
  if (path.size() == 2) {
    return jsonResponse(200, kube::openApiV3Index());
  }
  if (path.size() == 4 && path[2] == "api") {
    return documentOr404(kube::openApiV3("", path[3]));
  }
  return path.size() == 5 && path[2] == "apis" ? documentOr404(kube::openApiV3(path[3], path[4]))
                                               : std::nullopt;
}

}  // namespace

bool isPublic(std::string_view path) {
  const std::vector<std::string> parts = segmentsOf(path);
  return parts.size() == 1 && (isHealth(parts[0]) || parts[0] == "version");
}

std::optional<ApiResponse> serveMeta(const ApiRequest& request, const Api::Options& options) {
  const std::vector<std::string> path = segmentsOf(request.path);
  if (path.empty()) {
    return jsonResponse(200, {{"paths", json::array{"/api", "/apis", "/healthz", "/livez",
                                                    "/openapi/v3", "/readyz", "/version"}}});
  }
  if (path ==
      std::vector<std::string>{"apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"}) {
    return request.method == "POST" ? reviewAccess(request) : errorResponse(methodNotAllowed());
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return std::nullopt;
  }
  if (isHealth(path[0])) {
    return ApiResponse{200, "text/plain; charset=utf-8", "ok", {}};
  }
  if (path[0] == "version" && path.size() == 1) {
    return jsonResponse(200, versionDocument());
  }
  if (path[0] == "openapi") {
    return serveOpenApi(path);
  }
  if (path[0] == "api") {
    return path.size() == 1   ? std::optional(discovery(request, true, options))
           : path.size() == 2 ? documentOr404(kube::apiResourceList("", path[1]))
                              : std::nullopt;
  }
  if (path[0] == "apis") {
    return path.size() == 1   ? std::optional(discovery(request, false, options))
           : path.size() == 2 ? documentOr404(kube::apiGroup(path[1]))
           : path.size() == 3 ? documentOr404(kube::apiResourceList(path[1], path[2]))
                              : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace hitless::control
