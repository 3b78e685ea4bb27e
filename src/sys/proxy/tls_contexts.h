#pragma once

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/proxy/message.h"
#include "core/proxy/route_table.h"

namespace hitless::sys {

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// Serves a certificate: TLS 1.2 and 1.3, ALPN h2 and http/1.1. kInvalid if it cannot be used.
Result<SslContext> serverTlsContext(const proxy::Certificate& certificate);

/// The TLS contexts of a listener, by hostname; switches by SNI in the handshake.
class ListenerTls {
 public:
  /// Hosts without a certificate are left out; a certificate that cannot be used is an error that
  /// names its host.
  static Result<std::unique_ptr<ListenerTls>> make(const proxy::Listener& listener);
  SSL_CTX& first() { return *contexts_.front().context; }

 private:
  struct Entry {
    std::string hostname;
    SslContext context;
  };
  static int onServerName(SSL* ssl, int* alert, void* self);
  SSL_CTX* find(std::string_view name) const;

  std::vector<Entry> contexts_;
};

/// TLS contexts towards upstreams, made once for each trust and protocol.
class TlsContexts {
 public:
  /// Never nullptr: what cannot be made trusts nobody, and handshakes say so.
  SSL_CTX* client(const proxy::UpstreamTls& tls, proxy::HttpVersion version);

 private:
  std::map<std::pair<std::string, bool>, SslContext> contexts_;
};

}  // namespace hitless::sys
