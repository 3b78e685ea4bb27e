#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

/// OpenSSL's objects as values with owners; for the files of this folder.
namespace hitless::sys {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

/// What OpenSSL last complained of; forgets it.
tl::unexpected<Error> opensslFail(std::string_view what);

/// The first certificate of a PEM text; null if there is none.
Certificate readCertificate(const std::string& pem);
std::vector<Certificate> readCertificates(const std::string& pem);
Key readKey(const std::string& pem);

}  // namespace hitless::sys
