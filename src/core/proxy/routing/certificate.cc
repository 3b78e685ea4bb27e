#include "core/proxy/routing/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <climits>
#include <memory>

#include "core/kube/base64.h"
#include "core/proxy/routing/objects.h"

namespace hitless::proxy::routing {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

Bio bytesOf(std::string_view pem) {
  const std::size_t size = std::min<std::size_t>(pem.size(), INT_MAX);
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(size)));
}

/// An encrypted key is not asked for its password.
int noPassword(char*, int, int, void*) {
  return -1;
}

std::string decoded(const kube::json::object& secret, std::string_view key) {
  return kube::base64Decode(kube::text(secret, {"data", key})).value_or("");
}

}  // namespace

std::string certificateError(std::string_view chainPem, std::string_view keyPem) {
  const Bio chain = bytesOf(chainPem);
  const Bio keyBytes = bytesOf(keyPem);
  const std::unique_ptr<X509, Freed<X509_free>> certificate(
      PEM_read_bio_X509(chain.get(), nullptr, noPassword, nullptr));
  const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(
      PEM_read_bio_PrivateKey(keyBytes.get(), nullptr, noPassword, nullptr));
  const bool fits = certificate != nullptr && key != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return certificate == nullptr ? "tls.crt holds no certificate in PEM"
         : key == nullptr       ? "tls.key holds no unencrypted private key in PEM"
         : !fits                ? "tls.key is not the key of tls.crt"
                                : "";
}

TlsSecret tlsSecretFrom(const kube::json::object& object) {
  if (kube::text(object, {"type"}) != "kubernetes.io/tls") {
    return {{}, "its type is not kubernetes.io/tls"};
  }
  TlsSecret secret{{decoded(object, "tls.crt"), decoded(object, "tls.key")}, {}};
  secret.error = certificateError(secret.certificate.chainPem, secret.certificate.keyPem);
  return secret.error.empty() ? secret : TlsSecret{{}, secret.error};
}

}  // namespace hitless::proxy::routing
