#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "base/error.h"
#include "sys/http/channel.h"

namespace hitless::sys {

struct TlsOptions {
  std::string caPem;    ///< Whom to believe; empty: the system's certificate authorities.
  std::string certPem;  ///< Our own certificate chain and key; may be empty.
  std::string keyPem;
  std::string serverName = {};  ///< Whose certificate to expect; empty: that of the host.
};

/// The settings of TLS connections, parsed once and shared by all of them.
class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> create(const TlsOptions& options);
  virtual ~TlsContext() = default;
  /// TLS 1.2 or later. The peer's certificate must chain to the CA, be valid now, and be for the
  /// server's name or address (RFC 9525: subject alternative names only).
  virtual std::shared_ptr<Channel> makeChannel(boost::asio::io_context& io) = 0;
};

}  // namespace hitless::sys
