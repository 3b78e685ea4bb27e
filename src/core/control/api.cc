#include "core/control/api.h"

#include "base/text.h"
#include "core/control/api_handlers.h"

namespace hitless::control {
namespace {

/// What part of a resource a route serves.
enum class Scope { kCollection, kObject, kSubresource };

struct Route {
  std::string_view method;
  Scope scope;
  std::string_view subresource;
  Reply (*handle)(const Call& call);
};

constexpr Route kRoutes[] = {
    {"GET", Scope::kCollection, "", listOrWatch},
    {"POST", Scope::kCollection, "", createObject},
    {"DELETE", Scope::kCollection, "", deleteCollection},
    {"GET", Scope::kObject, "", readObject},
    {"PUT", Scope::kObject, "", updateObject},
    {"PATCH", Scope::kObject, "", patchObject},
    {"DELETE", Scope::kObject, "", deleteObject},
    {"GET", Scope::kSubresource, "status", readObject},
    {"PUT", Scope::kSubresource, "status", updateObject},
    {"PATCH", Scope::kSubresource, "status", patchObject},
    {"PUT", Scope::kSubresource, "finalize", updateObject},
    {"GET", Scope::kSubresource, "scale", readScale},
    {"PUT", Scope::kSubresource, "scale", updateScale},
    {"PATCH", Scope::kSubresource, "scale", patchScale},
    {"GET", Scope::kSubresource, "log", readLog},
    {"POST", Scope::kSubresource, "binding", bindPod},
    {"POST", Scope::kSubresource, "eviction", evictPod},
};

Scope scopeOf(const Target& target) {
  if (!target.subresource.empty()) {
    return Scope::kSubresource;
  }
  return target.name.empty() ? Scope::kCollection : Scope::kObject;
}

const Route* routeOf(const Target& target, std::string_view method) {
  // Objects of a namespaced kind are created and deleted in a namespace.
  const bool everywhere = target.resource->namespaced && target.ns.empty();
  for (const Route& route : kRoutes) {
    if (route.method == (method == "HEAD" ? "GET" : method) && route.scope == scopeOf(target) &&
        route.subresource == target.subresource && (!everywhere || route.method == "GET")) {
      return &route;
    }
  }
  return nullptr;
}

bool sameSecret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace

ApiResponse errorResponse(const ApiError& error) {
  return jsonResponse(error.code, statusOf(error));
}

bool Api::authorized(const ApiRequest& request) const {
  constexpr std::string_view kScheme = "bearer ";
  if (options_.token.empty() || isPublic(request.path)) {
    return true;
  }
  const std::string_view given = request.authorization;
  return given.size() > kScheme.size() && toLower(given.substr(0, kScheme.size())) == kScheme &&
         sameSecret(trim(given.substr(kScheme.size())), options_.token);
}

ApiReply Api::handle(const ApiRequest& request) {
  auto reply = route(request);
  if (!reply) {
    return errorResponse(reply.error());
  }
  return *std::move(reply);
}

ApiResult<ApiReply> Api::route(const ApiRequest& request) {
  if (!authorized(request)) {
    return refuse(unauthorized());
  }
  if (auto meta = serveMeta(request, options_)) {
    return *std::move(meta);
  }
  const auto target = targetOf(request.path);
  if (!target) {
    return ApiResponse{404, "text/plain; charset=utf-8", "404 page not found\n", {}};
  }
  const Route* found = routeOf(*target, request.method);
  if (found == nullptr) {
    return refuse(methodNotAllowed());
  }
  return found->handle(Call{registry_, request, *target});
}

}  // namespace hitless::control
