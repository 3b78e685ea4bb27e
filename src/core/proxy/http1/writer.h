#pragma once

#include <string>
#include <string_view>

#include "core/proxy/http1/head.h"

/// Writes HTTP/1.1 messages. Appends to `out`.
namespace hitless::proxy::http1 {

/// How the body of what is written will be delimited.
enum class WrittenBody : std::uint8_t { kNone, kLength, kChunked, kUntilEnd, kTunnel };

/// `end`: no body follows.
WrittenBody writeRequest(const RequestHead& head, bool end, std::string& out);

struct ResponseContext {
  HttpVersion client = HttpVersion::k11;
  bool headRequest = false;
  bool close = false;  ///< The connection ends after this response.
};
WrittenBody writeResponse(const ResponseHead& head, bool end, const ResponseContext& context,
                          std::string& out);

void writeChunk(std::string_view data, std::string& out);
void writeLastChunk(const Fields& trailers, std::string& out);

/// "OK" for 200; "" for what RFC 9110 does not know.
std::string_view reasonPhrase(int status);

}  // namespace hitless::proxy::http1
