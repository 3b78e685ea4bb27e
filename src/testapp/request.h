#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hitless::testapp {

/// The head of one HTTP/1.1 request (RFC 9112), as far as this application reads it.
struct Request {
  std::string method;
  std::string target;
  std::uint64_t bodyLength = 0;  ///< Follows the head and is skipped.
  bool keepAlive = true;
};

enum class HeadState { kIncomplete, kComplete, kBad };

struct Head {
  HeadState state = HeadState::kIncomplete;
  Request request;
  std::size_t size = 0;  ///< Bytes of the head, with its empty line.
  int status = 400;      ///< What to answer if it is bad.
};

/// Largest head that is read.
inline constexpr std::size_t kMaxHead = 16 * 1024;

/// Reads a request head from the front of `bytes`; never looks behind its empty line.
Head parseHead(std::string_view bytes);

enum class Action { kName, kDelay, kBytes, kNotFound, kBadRequest };

/// What a request target asks for.
struct Route {
  Action action = Action::kNotFound;
  double seconds = 0;       ///< kDelay, 0..3600
  std::uint64_t bytes = 0;  ///< kBytes, up to 1 GiB
};

Route route(std::string_view target);

}  // namespace hitless::testapp
