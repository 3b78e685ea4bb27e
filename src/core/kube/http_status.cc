#include "core/kube/http_status.h"

namespace hitless::kube {
namespace {

struct Row {
  int status;
  ErrorKind kind;
};

constexpr Row kKinds[] = {
    {400, ErrorKind::kInvalid},      // BadRequest
    {401, ErrorKind::kPermission},   // Unauthorized
    {403, ErrorKind::kPermission},   // Forbidden
    {404, ErrorKind::kNotFound},     // NotFound
    {405, ErrorKind::kUnsupported},  // MethodNotAllowed
    {406, ErrorKind::kInvalid},      // NotAcceptable
    {409, ErrorKind::kConflict},     // Conflict, AlreadyExists
    {410, ErrorKind::kConflict},     // Expired: the state has moved on, read it again
    {413, ErrorKind::kInvalid},      // RequestEntityTooLarge
    {415, ErrorKind::kInvalid},      // UnsupportedMediaType
    {422, ErrorKind::kInvalid},      // Invalid
    {429, ErrorKind::kUnavailable},  // TooManyRequests
    {500, ErrorKind::kInternal},     // InternalError
    {501, ErrorKind::kUnsupported}, {502, ErrorKind::kUnavailable},  // of a proxy before the server
    {503, ErrorKind::kUnavailable},                                  // ServiceUnavailable
    {504, ErrorKind::kUnavailable},                                  // Timeout
};

}  // namespace

ErrorKind errorKindOf(int httpStatus) {
  for (const Row& row : kKinds) {
    if (row.status == httpStatus) {
      return row.kind;
    }
  }
  return ErrorKind::kInternal;
}

}  // namespace hitless::kube
