#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/proxy/fields.h"

/// HTTP messages as the proxy hands them from one connection to another, whatever version either
/// speaks. What only means something on one connection (Connection, Keep-Alive, Transfer-Encoding,
/// TE, Upgrade, Host, Content-Length) is not among the fields: codecs take it off and put it on.
namespace hitless::proxy {

enum class HttpVersion : std::uint8_t { k10, k11, k2 };

/// "HTTP/1.1", as access logs have it.
constexpr std::string_view name(HttpVersion version) {
  switch (version) {
    case HttpVersion::k10:
      return "HTTP/1.0";
    case HttpVersion::k11:
      return "HTTP/1.1";
    case HttpVersion::k2:
      return "HTTP/2";
  }
  return "";
}

struct RequestHead {
  HttpVersion version = HttpVersion::k11;
  std::string method;
  std::string scheme;     ///< "http" or "https", as the client's connection has it.
  std::string authority;  ///< Host or :authority; empty if the client gave none (HTTP/1.0).
  std::string path;       ///< Path and query, "*" for OPTIONS; empty for CONNECT.
  /// What the client wants to speak instead, "websocket": Upgrade of HTTP/1.1, :protocol of RFC
  /// 8441. Data of such a request flows unframed in both directions after 101 (HTTP/2: 200).
  std::string upgrade;
  bool acceptsTrailers = false;  ///< TE: trailers.
  bool expectsContinue = false;  ///< Expect: 100-continue; the field stays among the fields.
  std::optional<std::uint64_t> contentLength;
  Fields fields;
};

struct ResponseHead {
  int status = 0;       ///< 100-999; 101 accepts an upgrade, also over HTTP/2.
  std::string upgrade;  ///< With 101: the protocol.
  /// As declared; of a response to HEAD and of a 304 it is what would have come.
  std::optional<std::uint64_t> contentLength;
  Fields fields;
};

}  // namespace hitless::proxy
