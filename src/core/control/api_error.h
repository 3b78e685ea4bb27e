#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/error.h"
#include "core/kube/field_error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

/// The API's errors: what becomes a metav1.Status of status Failure. Texts are those of
/// kube-apiserver, because clients and people match on them.
namespace hitless::control {

struct ApiError {
  int code = 500;
  std::string reason;  ///< "NotFound"; empty for errors that kube-apiserver gives no reason.
  std::string message;
  std::optional<kube::json::object> details;
  std::string continueToken = {};  ///< With 410 for a page: how to go on all the same.
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;
using ApiStatus = ApiResult<void>;

/// The metav1.Status of an error.
kube::json::object statusOf(const ApiError& error);
/// The metav1.Status of a deletion or of a subresource action that has no object to return.
kube::json::object successStatus(const kube::Resource& resource, std::string_view name,
                                 std::string_view uid);
/// For callers inside the process.
Error toError(const ApiError& error);

/// {name, group, kind}: what most errors say of their object. `kind` is the plural for errors about
/// a URL and the kind for errors about content.
kube::json::object detailsOf(const kube::Resource& resource, std::string_view name,
                             std::string_view kind);

ApiError notFound(const kube::Resource& resource, std::string_view name);
ApiError alreadyExists(const kube::Resource& resource, std::string_view name);
ApiError conflict(const kube::Resource& resource, std::string_view name, std::string_view why);
/// Conflict because of a stale resourceVersion.
ApiError modified(const kube::Resource& resource, std::string_view name);
ApiError invalidObject(std::string_view group, std::string_view kind, std::string_view name,
                       const std::vector<kube::FieldError>& causes);
ApiError forbidden(const kube::Resource& resource, std::string_view name, std::string_view why);
ApiError badRequest(std::string message);
ApiError unauthorized();
ApiError methodNotAllowed();
ApiError notAcceptable();
/// A patch of a type that there is not.
ApiError unsupportedPatch();
/// A body of a type that cannot be read.
ApiError unsupportedBody();
/// The resourceVersion of a list or watch is older than the history.
ApiError expired(std::string message);
ApiError tooLargeRevision(std::uint64_t wanted, std::uint64_t current);
ApiError tooLargeBody(std::size_t limit);
ApiError internalError(std::string message);

inline tl::unexpected<ApiError> refuse(ApiError error) {
  return tl::unexpected<ApiError>(std::move(error));
}

}  // namespace hitless::control

/// TRY for an ApiResult.
#define API_TRY(expr)                                                                     \
  __extension__({                                                                         \
    auto tryResult_ = (expr);                                                             \
    if (!tryResult_)                                                                      \
      return tl::unexpected<::hitless::control::ApiError>(std::move(tryResult_).error()); \
    std::move(tryResult_).value();                                                        \
  })

/// TRY for an ApiStatus.
#define API_TRY_VOID(expr)                                                                \
  do {                                                                                    \
    auto tryResult_ = (expr);                                                             \
    if (!tryResult_)                                                                      \
      return tl::unexpected<::hitless::control::ApiError>(std::move(tryResult_).error()); \
  } while (0)
