#include "sys/tls/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace hitless::sys {
namespace {

Bio reading(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// There is nobody to ask for the password of an encrypted key.
int noPassword(char*, int, int, void*) {
  return 0;
}

}  // namespace

tl::unexpected<Error> opensslFail(std::string_view what) {
  char text[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof(text));
  }
  ERR_clear_error();
  return fail(ErrorKind::kInternal, fmt::format("{}: {}", what, text));
}

Certificate readCertificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, noPassword, nullptr));
}

std::vector<Certificate> readCertificates(const std::string& pem) {
  const Bio in = reading(pem);
  std::vector<Certificate> certificates;
  while (Certificate next{PEM_read_bio_X509(in.get(), nullptr, noPassword, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();  // The end of the text is no error.
  return certificates;
}

Key readKey(const std::string& pem) {
  return Key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, noPassword, nullptr));
}

}  // namespace hitless::sys
