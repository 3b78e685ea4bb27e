#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <string_view>
#include <vector>

#include "core/proxy/message.h"

namespace hitless::proxy::http2 {

/// A head or trailers as nghttp2 takes them. It copies what does not live for ever when they are
/// submitted, so this holds views of its argument until the next call.
class HeaderBlock {
 public:
  /// `extended`: this side may use RFC 8441 and the head asks for an upgrade.
  void request(const RequestHead& head, bool extended);
  /// `extended`: it answers an extended CONNECT, so that 101 is said as 200.
  void response(const ResponseHead& head, bool extended);
  void trailers(const Fields& fields);

  const nghttp2_nv* data() const { return entries_.data(); }
  std::size_t size() const { return entries_.size(); }

 private:
  /// Name and value are literals.
  void addFixed(std::string_view name, std::string_view value);
  /// The name is a literal.
  void add(std::string_view name, std::string_view value);
  void addLength(std::uint64_t length);
  /// What means something on one connection only is left out (RFC 9113 8.2.2).
  void addFields(const Fields& fields);

  std::vector<nghttp2_nv> entries_;
  std::array<char, 4> status_{};
  std::array<char, 20> length_{};
};

/// Whether a field must not be in an HTTP/2 message, or is told otherwise: connection, keep-alive,
/// proxy-connection, transfer-encoding, upgrade, te, host, content-length.
bool ofConnection(std::string_view name);

}  // namespace hitless::proxy::http2
