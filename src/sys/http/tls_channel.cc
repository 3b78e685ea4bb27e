#include "sys/http/tls_channel.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>

#include "base/ip.h"
#include "sys/http/stream_channel.h"

namespace hitless::sys {

namespace ssl = boost::asio::ssl;
using TlsStream = ssl::stream<boost::asio::ip::tcp::socket>;

template <>
bool StreamChannel<TlsStream>::isEnd(const Code& error) {
  // Servers close without close_notify. HTTP/1.1 messages carry their length, so a cut shows.
  return error == boost::asio::error::eof || error == ssl::error::stream_truncated;
}

namespace {

/// What to do about a certificate that OpenSSL does not accept.
const char* hintFor(long verdict) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "use a name or address that the certificate is for, or tls-server-name in the "
             "kubeconfig";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew the server's certificate, or set this machine's clock if it is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "set this machine's clock if it is wrong";
    default:
      return "check the server's address, and certificate-authority in the kubeconfig (in a pod: "
             "ca.crt of the service account)";
  }
}

class TlsChannel : public StreamChannel<TlsStream> {
 public:
  TlsChannel(boost::asio::io_context& io, std::shared_ptr<ssl::context> context,
             std::string serverName)
      : StreamChannel<TlsStream>(io, *context),
        context_(std::move(context)),
        serverName_(std::move(serverName)) {}

 private:
  void handshake(OnStatus done) override {
    Code error;
    stream_.set_verify_mode(ssl::verify_peer, error);
    if (serverName_.empty()) {
      serverName_ = host_;
    }
    expectName();
    auto self = std::static_pointer_cast<TlsChannel>(shared_from_this());
    stream_.async_handshake(ssl::stream_base::client, [self, done](const Code& failed) {
      done(failed ? Status(tl::unexpected<Error>(self->handshakeError(failed))) : Status());
    });
  }

  /// OpenSSL compares the name itself, so that a wrong one has an error of its own.
  void expectName() {
    SSL* tls = stream_.native_handle();
    X509_VERIFY_PARAM* expected = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (IpAddress::parse(serverName_)) {
      X509_VERIFY_PARAM_set1_ip_asc(expected, serverName_.c_str());
    } else {
      X509_VERIFY_PARAM_set1_host(expected, serverName_.c_str(), 0);
      SSL_set_tlsext_host_name(tls, serverName_.c_str());
    }
  }

  Error handshakeError(const Code& failed) {
    const long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict == X509_V_OK) {
      return channelError("TLS handshake failed", failed);
    }
    const bool name =
        verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
    return Error{ErrorKind::kInvalid,
                 std::string("the server's certificate is not accepted: ") +
                     (name ? "it is not for " + serverName_
                           : std::string(X509_verify_cert_error_string(verdict))),
                 {},
                 hintFor(verdict),
                 0};
  }

  std::shared_ptr<ssl::context> context_;
  std::string serverName_;
};

class Context : public TlsContext {
 public:
  Context(std::shared_ptr<ssl::context> context, std::string serverName)
      : context_(std::move(context)), serverName_(std::move(serverName)) {}
  std::shared_ptr<Channel> makeChannel(boost::asio::io_context& io) override {
    return std::make_shared<TlsChannel>(io, context_, serverName_);
  }

 private:
  std::shared_ptr<ssl::context> context_;
  std::string serverName_;
};

Status check(const boost::system::error_code& error, std::string_view what) {
  if (!error) {
    return {};
  }
  return invalid(std::string(what) + ": " + error.message(), "expected PEM");
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (options.caPem.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->add_certificate_authority(boost::asio::buffer(options.caPem), error);
  }
  TRY_VOID(check(error, "cannot read the certificate authority"));
  if (!options.certPem.empty()) {
    context->use_certificate_chain(boost::asio::buffer(options.certPem), error);
    TRY_VOID(check(error, "cannot read the client certificate"));
    context->use_private_key(boost::asio::buffer(options.keyPem), ssl::context::pem, error);
    TRY_VOID(check(error, "cannot read the client key, or it does not fit the certificate"));
  }
  return std::make_shared<Context>(std::move(context), options.serverName);
}

}  // namespace hitless::sys
