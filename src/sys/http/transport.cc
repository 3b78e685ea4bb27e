#include "sys/http/transport.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace hitless::sys {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(StreamSocket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void readSome(char* data, std::size_t size, Done done) override {
    socket_.async_read_some(asio::buffer(data, size), std::move(done));
  }
  void write(std::string_view data, Done done) override {
    asio::async_write(socket_, asio::buffer(data), std::move(done));
  }
  void sayGoodbye(Done done) override {
    shutdownSend();
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void shutdownSend() override {
    error_code ignored;
    socket_.shutdown(StreamSocket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  StreamSocket socket_;
};

class TlsTransport : public Transport {
 public:
  TlsTransport(StreamSocket socket, asio::ssl::context& context)
      : stream_(std::move(socket), context) {}

  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](error_code error) { done(error, 0); });
  }
  void readSome(char* data, std::size_t size, Done done) override {
    stream_.async_read_some(asio::buffer(data, size), std::move(done));
  }
  void write(std::string_view data, Done done) override {
    asio::async_write(stream_, asio::buffer(data), std::move(done));
  }
  void sayGoodbye(Done done) override {
    stream_.async_shutdown([done = std::move(done)](error_code error) { done(error, 0); });
  }
  void shutdownSend() override {
    error_code ignored;
    stream_.lowest_layer().shutdown(StreamSocket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

 private:
  asio::ssl::stream<StreamSocket> stream_;
};

int selectHttp11(SSL*, const unsigned char** out, unsigned char* outLength, const unsigned char* in,
                 unsigned int inLength, void*) {
  static constexpr unsigned char kOffered[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, outLength, kOffered, sizeof(kOffered) - 1, in, inLength);
  *out = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

std::unique_ptr<Transport> plainTransport(StreamSocket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> tlsTransport(StreamSocket socket, asio::ssl::context& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

Result<std::unique_ptr<asio::ssl::context>> serverContext(const std::string& certificatePem,
                                                          const std::string& keyPem) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  context->use_certificate_chain(asio::buffer(certificatePem), error);
  if (!error) {
    context->use_private_key(asio::buffer(keyPem), asio::ssl::context::pem, error);
  }
  if (error) {
    return invalid("the server's TLS certificate or key cannot be used: " + error.message());
  }
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // Idle watches keep no record buffers.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, selectHttp11, nullptr);
  return context;
}

}  // namespace hitless::sys
