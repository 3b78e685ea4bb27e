#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hitless::sys {

/// "OK" for 200; "Status" for a code without a registered phrase.
std::string_view reasonPhrase(int status);

struct ResponseHead {
  int status = 200;
  std::string_view contentType;
  std::optional<std::uint64_t>
      contentLength;        ///< Absent: chunked, or ended by close with HTTP/1.0.
  std::string_view fields;  ///< Further header fields, each ended by CRLF.
  bool keepAlive = true;
  bool http10 = false;
};

/// The status line and header fields up to and including the empty line.
std::string encode(const ResponseHead& head);

/// One chunk of a chunked body (RFC 9112 7.1). An empty one gives nothing, because it would end the
/// body.
std::string encodeChunk(std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace hitless::sys
