#pragma once

#include "core/proxy/http1/head.h"

/// The field lines of a head, which requests, responses and trailers have in common.
namespace hitless::proxy::http1 {

inline constexpr Refusal kTooLarge{431, "http1.headers_too_large"};
inline constexpr Refusal kBadLine{400, "http1.codec_error"};
inline constexpr Refusal kBadCharacters{400, "http1.invalid_characters"};
inline constexpr Refusal kBadHost{400, "http1.invalid_host"};
inline constexpr Refusal kBadLength{400, "http1.content_length_not_allowed"};
inline constexpr Refusal kBadCoding{400, "http1.invalid_transfer_encoding"};
inline constexpr Refusal kUnknownCoding{501, "http1.invalid_transfer_encoding"};
inline constexpr Refusal kBadVersion{505, "http1.unsupported_version"};
inline constexpr Refusal kBadExpectation{417, "http1.unsupported_expectation"};

inline tl::unexpected<Refusal> refuse(const Refusal& why) {
  return tl::unexpected<Refusal>(why);
}

/// Whether they are the same but for the case of `text`.
bool sameText(std::string_view text, std::string_view lower);

/// Takes a line off, without its CRLF. A CR or LF anywhere else is refused by the checks of what
/// the line has in it.
std::string_view takeLine(std::string_view& bytes);

/// What the fields say about the message and its connection.
struct Hops {
  std::optional<std::uint64_t> length;
  bool lengthTwice = false;
  std::string coding;  ///< All Transfer-Encoding fields, joined.
  bool coded = false;
  bool close = false;
  bool keepAlive = false;
  bool upgradeNamed = false;  ///< Connection: upgrade.
  std::string upgrade;
  bool trailers = false;
  bool expects = false;
  bool badExpectation = false;
  std::size_t hosts = 0;
  std::string host;
  std::vector<std::string> named;  ///< Further fields that Connection names.
};

/// Reads field lines up to the empty one. What is of this connection alone goes into the Hops, the
/// rest into `fields`.
Read<Hops> readFields(std::string_view bytes, const HeadLimits& limits, Fields& fields);
Read<HttpVersion> readVersion(std::string_view text);

}  // namespace hitless::proxy::http1
