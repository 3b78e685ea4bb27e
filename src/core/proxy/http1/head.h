#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "core/proxy/message.h"

/// Reads the heads of HTTP/1.1 messages (RFC 9112), strictly: what two implementations could read
/// differently is refused, because the one behind us may be the other one.
namespace hitless::proxy::http1 {

struct HeadLimits {
  std::size_t bytes = 64 * 1024;  ///< Of the whole head, request line included.
  std::size_t fields = 200;
};

/// Why a message is refused.
struct Refusal {
  int status = 400;          ///< What a client is told.
  std::string_view details;  ///< As Envoy's response code details: "http1.invalid_characters".
};

template <class T>
using Read = tl::expected<T, Refusal>;

/// How a body is delimited (RFC 9112 6.3).
struct Framing {
  enum class Kind : std::uint8_t {
    kNone,
    kLength,
    kChunked,
    kUntilEnd,  ///< Of the connection; responses only.
    kTunnel,    ///< After 101 and after a request to upgrade that was accepted.
  };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;
};

struct Request {
  RequestHead head;
  Framing framing;
  bool keepAlive = true;
};

struct Response {
  ResponseHead head;
  Framing framing;
  bool keepAlive = true;
  HttpVersion version = HttpVersion::k11;
};

/// Finds the end of a head in bytes that grow.
class HeadEnd {
 public:
  enum class State : std::uint8_t { kIncomplete, kFound, kBareLineFeed };
  /// `bytes` begins where it began in the call before, and may be longer now. With kFound, size()
  /// is the head's, with the empty line that ends it. A line that ends without CR may be read by
  /// others as one that goes on: refused.
  State look(std::string_view bytes);
  std::size_t size() const { return seen_; }
  void reset() { seen_ = 0; }

 private:
  std::size_t seen_ = 0;
};
/// Bytes of empty lines before a request (RFC 9112 2.2).
std::size_t emptyLines(std::string_view bytes);

/// `bytes`: exactly a head. `scheme` is what the connection has.
Read<Request> readRequest(std::string_view bytes, const HeadLimits& limits,
                          std::string_view scheme);

/// What a response answers decides on its framing.
struct Asked {
  bool head = false;     ///< HEAD: never a body.
  bool upgrade = false;  ///< An upgrade was asked for, so 101 may come.
};
Read<Response> readResponse(std::string_view bytes, const HeadLimits& limits, const Asked& asked);

/// The trailer section without its empty line. What must not be in one (framing, routing) is left
/// out (RFC 9110 6.5.1).
Read<Fields> readTrailers(std::string_view bytes, const HeadLimits& limits);

/// Whether a comma-separated list has this element, in any case. `token` is lower case.
bool listHas(std::string_view list, std::string_view token);

}  // namespace hitless::proxy::http1
