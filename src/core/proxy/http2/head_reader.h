#pragma once

#include <string>
#include <string_view>

#include "core/proxy/message.h"

namespace hitless::proxy::http2 {

/// Collects one header block. nghttp2 has checked names, values and pseudo-header fields (RFC 9113
/// 8.2 and 8.3) before any of it comes here; blocks of a connection come one after the other.
class HeadReader {
 public:
  enum class Kind : std::uint8_t { kRequest, kResponse, kTrailers };
  /// What becomes of the block.
  enum class Size : std::uint8_t { kFits, kTooLarge, kFarTooLarge };

  /// `limit` as Http2Options::headerListBytes.
  void begin(Kind kind, std::size_t limit);
  /// Above the limit nothing is kept any more.
  Size add(std::string_view name, std::string_view value);
  Size size() const { return size_; }

  /// The request, or nullopt if it is malformed by rules that nghttp2 leaves to us: Host names
  /// something else than :authority (RFC 9113 8.3.1).
  std::optional<RequestHead> request();
  ResponseHead response();
  Fields trailers();

 private:
  bool addPseudo(std::string_view name, std::string_view value);
  bool addKnown(std::string_view name, std::string_view value);
  void finishCookie(Fields& fields);

  Kind kind_ = Kind::kRequest;
  std::size_t limit_ = 0;
  std::size_t bytes_ = 0;
  Size size_ = Size::kFits;
  RequestHead request_;  ///< Its fields and length serve for all kinds.
  int status_ = 0;
  std::string protocol_;
  std::string host_;
  bool hasHost_ = false;
  bool hasAuthority_ = false;
  std::string cookie_;
  bool hasCookie_ = false;
};

/// Whether both name the same place: case of the name and the scheme's default port do not matter
/// (RFC 3986 6.2.3).
bool sameAuthority(std::string_view a, std::string_view b, std::string_view scheme);

}  // namespace hitless::proxy::http2
