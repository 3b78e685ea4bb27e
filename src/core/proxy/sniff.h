#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What a client speaks, told by the first bytes that it sends.
namespace hitless::proxy {

enum class Sniffed {
  kMore,  ///< Too early to tell.
  kHttp,  ///< HTTP/1.x, or HTTP/2's preface.
  kTls,   ///< A TLS handshake.
  kOther,
};
Sniffed sniff(std::string_view bytes);

/// The server name (SNI) of a ClientHello that lies in one record (RFC 8446 4.1.2, RFC 6066 3). No
/// value: it has not come wholly, and more may tell. Empty: there is none, or it is no ClientHello.
std::optional<std::string> serverNameOf(std::string_view bytes);

}  // namespace hitless::proxy
