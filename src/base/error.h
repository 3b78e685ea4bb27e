#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace hitless {

/// What the caller can do about an error, not where it came from.
enum class ErrorKind {
  kInvalid,      ///< The input is wrong: fix it.
  kNotFound,     ///< The named thing does not exist.
  kConflict,     ///< Somebody else changed it: read again and retry.
  kUnavailable,  ///< The other side is away or busy: retry later.
  kUnsupported,  ///< This machine or version cannot do it: use another way.
  kPermission,   ///< More privilege is needed.
  kInternal,     ///< A bug or an unexpected answer of the system.
};

/// An error that a person can act on: what is wrong, with which object, and what to do next.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;  ///< What is wrong, lower case, no full stop.
  std::string subject;  ///< file:line or object it is about; may be empty.
  std::string hint;     ///< The next step; may be empty.
  int osError = 0;      ///< errno where the system said so, else 0.

  /// "subject: message (hint)", without the empty parts.
  std::string text() const;

  /// Names the object or place that the error is about, unless a deeper layer already did.
  Error about(std::string_view what) &&;
  /// Prefixes the message with what was being attempted: "while doing X: message".
  Error during(std::string_view what) &&;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), {}, std::move(hint), 0});
}

inline tl::unexpected<Error> invalid(std::string message, std::string hint = {}) {
  return fail(ErrorKind::kInvalid, std::move(message), std::move(hint));
}

/// The error of a failed system call: "what: strerror(err)", with the kind that fits errno.
Error osError(std::string_view what, int err = errno);
inline tl::unexpected<Error> osFail(std::string_view what, int err = errno) {
  return tl::unexpected<Error>(osError(what, err));
}

}  // namespace hitless

/// Evaluates a Result; on error returns it from the enclosing function, else yields the value.
#define TRY(expr)                                                             \
  __extension__({                                                             \
    auto tryResult_ = (expr);                                                 \
    if (!tryResult_)                                                          \
      return tl::unexpected<::hitless::Error>(std::move(tryResult_).error()); \
    std::move(tryResult_).value();                                            \
  })

/// TRY for a Status.
#define TRY_VOID(expr)                                                        \
  do {                                                                        \
    auto tryResult_ = (expr);                                                 \
    if (!tryResult_)                                                          \
      return tl::unexpected<::hitless::Error>(std::move(tryResult_).error()); \
  } while (0)
