#include "base/error.h"

#include <fmt/format.h>

#include <cstring>

namespace hitless {

std::string Error::text() const {
  std::string out = subject.empty() ? message : fmt::format("{}: {}", subject, message);
  if (!hint.empty()) {
    out += fmt::format(" ({})", hint);
  }
  return out;
}

Error Error::about(std::string_view what) && {
  if (subject.empty()) {
    subject = what;
  }
  return std::move(*this);
}

Error Error::during(std::string_view what) && {
  message = fmt::format("{}: {}", what, message);
  return std::move(*this);
}

namespace {

ErrorKind kindOf(int err) {
  switch (err) {
    case ENOENT:
    case ESRCH:
      return ErrorKind::kNotFound;
    case EPERM:
    case EACCES:
      return ErrorKind::kPermission;
    case EEXIST:
    case EBUSY:
      return ErrorKind::kConflict;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorKind::kUnavailable;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return ErrorKind::kUnsupported;
    case EINVAL:
      return ErrorKind::kInvalid;
    default:
      return ErrorKind::kInternal;
  }
}

}  // namespace

Error osError(std::string_view what, int err) {
  return Error{kindOf(err), fmt::format("{}: {}", what, std::strerror(err)), {}, {}, err};
}

}  // namespace hitless
