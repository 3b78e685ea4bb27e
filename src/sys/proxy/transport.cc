#include "sys/proxy/transport.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/ip.h"

namespace hitless::sys {

PeerSocket PeerSocket::tlsServer(Fd fd, SSL_CTX& context) {
  SSL* ssl = SSL_new(&context);
  SSL_set_fd(ssl, fd.get());
  SSL_set_accept_state(ssl);
  return PeerSocket(std::move(fd), ssl);
}

PeerSocket PeerSocket::tlsClient(Fd fd, SSL_CTX& context, const std::string& serverName,
                                 bool verify) {
  SSL* ssl = SSL_new(&context);
  SSL_set_fd(ssl, fd.get());
  SSL_set_connect_state(ssl);
  if (!serverName.empty()) {
    const bool isAddress = IpAddress::parse(serverName).has_value();
    if (!isAddress) {
      SSL_set_tlsext_host_name(ssl, serverName.c_str());
    }
    if (verify && isAddress) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName.c_str());
    } else if (verify) {
      SSL_set1_host(ssl, serverName.c_str());
    }
  }
  SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return PeerSocket(std::move(fd), ssl);
}

IoResult PeerSocket::tlsResult(int returned) {
  const int systemError = errno;
  const int reason = SSL_get_error(ssl_.get(), returned);
  wantsWrite_ = reason == SSL_ERROR_WANT_WRITE;
  switch (reason) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return {IoResult::State::kEnd, 0, 0};
    case SSL_ERROR_SYSCALL:
      return {IoResult::State::kError, 0, systemError};
    default: {
      const unsigned long code = ERR_get_error();
      const char* text = ERR_reason_error_string(code);
      errorText_ = text != nullptr ? text : "TLS error";
      if (const long verdict = SSL_get_verify_result(ssl_.get());
          handshaking_ && verdict != X509_V_OK) {
        errorText_ += std::string(": ") + X509_verify_cert_error_string(verdict);
      }
      ERR_clear_error();
      return {IoResult::State::kError, 0, 0};
    }
  }
}

IoResult PeerSocket::handshake() {
  if (!handshaking_) {
    return {IoResult::State::kDone, 0, 0};
  }
  ERR_clear_error();
  errno = 0;
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    handshaking_ = false;
    wantsWrite_ = false;
    return {IoResult::State::kDone, 0, 0};
  }
  return tlsResult(returned);
}

IoResult PeerSocket::read(char* buffer, std::size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int returned = SSL_read_ex(ssl_.get(), buffer, size, &count);
    if (returned == 1) {
      wantsWrite_ = false;
      return {IoResult::State::kDone, count, 0};
    }
    return tlsResult(returned);
  }
  const ssize_t count = recv(fd_.get(), buffer, size, 0);
  if (count > 0) {
    return {IoResult::State::kDone, static_cast<std::size_t>(count), 0};
  }
  if (count == 0) {
    return {IoResult::State::kEnd, 0, 0};
  }
  if (errno == EAGAIN || errno == EINTR) {
    return {};
  }
  return {IoResult::State::kError, 0, errno};
}

IoResult PeerSocket::write(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (returned == 1) {
      wantsWrite_ = false;
      return {IoResult::State::kDone, count, 0};
    }
    return tlsResult(returned);
  }
  const ssize_t count = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) {
    return {IoResult::State::kDone, static_cast<std::size_t>(count), 0};
  }
  if (errno == EAGAIN || errno == EINTR) {
    return {};
  }
  return {IoResult::State::kError, 0, errno};
}

void PeerSocket::endWrites() {
  if (ssl_ != nullptr && !handshaking_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  shutdown(fd_.get(), SHUT_WR);
}

std::string_view PeerSocket::protocol() const {
  if (ssl_ == nullptr) {
    return {};
  }
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string PeerSocket::serverName() const {
  const char* name =
      ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

}  // namespace hitless::sys
