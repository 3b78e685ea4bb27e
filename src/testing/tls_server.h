#pragma once

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace hitless::testing {

/// A self-signed certificate and its key, both PEM.
struct TestCertificate {
  std::string certPem;
  std::string keyPem;

  /// `names` in OpenSSL's syntax. `until`: seconds from now; negative: it has expired already.
  static TestCertificate make(const char* names = "IP:127.0.0.1", long until = 3600) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
    X509_gmtime_adj(X509_getm_notAfter(cert), until);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_EXTENSION* name = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(cert, name, -1);
    X509_EXTENSION_free(name);
    X509_sign(cert, key, EVP_sha256());
    TestCertificate out{pem([&](BIO* bio) { PEM_write_bio_X509(bio, cert); }), pem([&](BIO* bio) {
                          PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
                        })};
    X509_free(cert);
    EVP_PKEY_free(key);
    return out;
  }

 private:
  static std::string pem(const std::function<void(BIO*)>& write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  }
};

/// A blocking TLS server on 127.0.0.1 that plays a script: `serve` is called for each connection,
/// one after the other, on the server's thread, and the connection is closed when it returns.
class TlsServer {
 public:
  class Connection {
   public:
    explicit Connection(SSL* ssl) : ssl_(ssl) {}
    /// The next request head (and what came with it); empty when the client has gone.
    std::string readRequest() {
      std::string got;
      char buffer[4096];
      while (got.find("\r\n\r\n") == std::string::npos) {
        const int size = SSL_read(ssl_, buffer, sizeof buffer);
        if (size <= 0) {
          return {};
        }
        got.append(buffer, static_cast<std::size_t>(size));
      }
      return got;
    }
    void write(const std::string& bytes) {
      SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    }
    void answer(const std::string& body, int status = 200) {
      write("HTTP/1.1 " + std::to_string(status) +
            " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    void chunk(const std::string& body) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", body.size());
      write(size + body + "\r\n");
    }

   private:
    SSL* ssl_;
  };

  using Serve = std::function<void(Connection&, int index)>;

  TlsServer(const TestCertificate& certificate, Serve serve) : serve_(std::move(serve)) {
    context_ = SSL_CTX_new(TLS_server_method());
    useCertificate(certificate);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }

  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  ~TlsServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (const int open = current_.load(); open >= 0) {
      ::shutdown(open, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }

  std::uint16_t port() const { return port_; }
  int connections() const { return count_; }

 private:
  void useCertificate(const TestCertificate& certificate) {
    BIO* bio =
        BIO_new_mem_buf(certificate.certPem.data(), static_cast<int>(certificate.certPem.size()));
    X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, cert);
    X509_free(cert);
    BIO_free(bio);
    bio = BIO_new_mem_buf(certificate.keyPem.data(), static_cast<int>(certificate.keyPem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_, key);
    EVP_PKEY_free(key);
    BIO_free(bio);
  }

  void run() {
    // A client that leaves early must not end the test with SIGPIPE.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stopping_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        continue;
      }
      current_ = fd;
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) {
        Connection connection(ssl);
        serve_(connection, count_++);
        SSL_shutdown(ssl);
      }
      SSL_free(ssl);
      current_ = -1;
      ::close(fd);
    }
  }

  Serve serve_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> current_ = -1;
  std::atomic<int> count_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace hitless::testing
