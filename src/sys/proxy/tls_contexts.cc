#include "sys/proxy/tls_contexts.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string_view>

#include "base/text.h"
#include "sys/tls/openssl.h"

namespace hitless::sys {
namespace {

constexpr unsigned char kAlpn[] = "\x02h2\x08http/1.1";
constexpr unsigned int kAlpnSize = sizeof kAlpn - 1;
constexpr unsigned char kAlpnHttp1[] = "\x08http/1.1";

int selectProtocol(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* in,
                   unsigned int inSize, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, outSize, kAlpn, kAlpnSize, in, inSize) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 3.2
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void setCommon(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

}  // namespace

Result<SslContext> serverTlsContext(const proxy::Certificate& certificate) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  setCommon(context.get());
  std::vector<Certificate> chain = readCertificates(certificate.chainPem);
  const Key key = readKey(certificate.keyPem);
  if (chain.empty() || key == nullptr) {
    return invalid("the certificate or its key is no PEM text",
                   "check tls.crt and tls.key of the Secret");
  }
  if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return opensslFail("use the certificate with its key");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    SSL_CTX_add1_chain_cert(context.get(), chain[i].get());
  }
  SSL_CTX_set_alpn_select_cb(context.get(), selectProtocol, nullptr);
  // RFC 9113 9.2.2 forbids the others with HTTP/2; TLS 1.3's are all allowed.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  return context;
}

Result<std::unique_ptr<ListenerTls>> ListenerTls::make(const proxy::Listener& listener) {
  auto tls = std::make_unique<ListenerTls>();
  for (const proxy::VirtualHost& host : listener.hosts) {
    if (!host.certificate) {
      continue;
    }
    auto context = serverTlsContext(*host.certificate);
    if (!context) {
      return tl::unexpected(
          std::move(context).error().about(listener.name + " host " + host.hostname));
    }
    SSL_CTX_set_tlsext_servername_callback(context->get(), onServerName);
    SSL_CTX_set_tlsext_servername_arg(context->get(), tls.get());
    tls->contexts_.push_back({toLower(host.hostname), *std::move(context)});
  }
  if (tls->contexts_.empty()) {
    return invalid("listener " + listener.name + " has no certificate",
                   "give its tls.certificateRefs a Secret of type kubernetes.io/tls");
  }
  return tls;
}

/// The exact name, the longest wildcard, or "*"; else nullptr.
SSL_CTX* ListenerTls::find(std::string_view name) const {
  const Entry* best = nullptr;
  for (const Entry& entry : contexts_) {
    const std::string_view host = entry.hostname;
    const bool wildcard = host.starts_with("*.");
    const bool fits = host == "*" || host == name || (wildcard && name.ends_with(host.substr(1)));
    if (fits && host == name) {
      return entry.context.get();
    }
    if (fits && (best == nullptr || host.size() > best->hostname.size())) {
      best = &entry;
    }
  }
  return best == nullptr ? nullptr : best->context.get();
}

int ListenerTls::onServerName(SSL* ssl, int*, void* self) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  if (SSL_CTX* const context = static_cast<ListenerTls*>(self)->find(toLower(name))) {
    SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;  // the first certificate; the client judges it
}

SSL_CTX* TlsContexts::client(const proxy::UpstreamTls& tls, proxy::HttpVersion version) {
  const bool http2 = version == proxy::HttpVersion::k2;
  SslContext& context = contexts_[{tls.caPem, http2}];
  if (context != nullptr) {
    return context.get();
  }
  context.reset(SSL_CTX_new(TLS_client_method()));
  setCommon(context.get());
  if (tls.caPem.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    X509_STORE* const store = SSL_CTX_get_cert_store(context.get());
    for (const Certificate& root : readCertificates(tls.caPem)) {
      X509_STORE_add_cert(store, root.get());
    }
  }
  if (http2) {
    SSL_CTX_set_alpn_protos(context.get(), kAlpn, kAlpnSize);
  } else {
    SSL_CTX_set_alpn_protos(context.get(), kAlpnHttp1, sizeof kAlpnHttp1 - 1);
  }
  return context.get();
}

}  // namespace hitless::sys
