#include "sys/http/tls_channel.h"

#include <openssl/x509_vfy.h>

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

class TlsChannel : public StreamChannel<TlsStream> {
 public:
  TlsChannel(boost::asio::io_context& io, std::shared_ptr<ssl::context> context)
      : StreamChannel<TlsStream>(io, *context), context_(std::move(context)) {}

 private:
  void handshake(OnStatus done) override {
    Code error;
    stream_.set_verify_mode(ssl::verify_peer, error);
    stream_.set_verify_callback(ssl::host_name_verification(host_), error);
    if (!IpAddress::parse(host_)) {
      SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
    }
    auto self = std::static_pointer_cast<TlsChannel>(shared_from_this());
    stream_.async_handshake(ssl::stream_base::client, [self, done](const Code& failed) {
      done(failed ? Status(tl::unexpected<Error>(self->handshakeError(failed))) : Status());
    });
  }

  Error handshakeError(const Code& failed) {
    const long verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict == X509_V_OK) {
      return channelError("TLS handshake failed", failed);
    }
    return Error{ErrorKind::kInvalid,
                 std::string("the server's certificate is not accepted: ") +
                     X509_verify_cert_error_string(verdict),
                 host_, "check the server's address and certificate-authority in the kubeconfig",
                 0};
  }

  std::shared_ptr<ssl::context> context_;
};

class Context : public TlsContext {
 public:
  explicit Context(std::shared_ptr<ssl::context> context) : context_(std::move(context)) {}
  std::shared_ptr<Channel> makeChannel(boost::asio::io_context& io) override {
    return std::make_shared<TlsChannel>(io, context_);
  }

 private:
  std::shared_ptr<ssl::context> context_;
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
  return std::make_shared<Context>(std::move(context));
}

}  // namespace hitless::sys
