#include "sys/tls/certificates.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/ip.h"
#include "sys/files/files.h"
#include "sys/tls/openssl.h"

namespace hitless::sys {
namespace {

constexpr long kHour = 3600;
constexpr long kTenYears = 10 * 365 * 24 * kHour;

std::string drain(const Bio& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(length));
}

Result<KeyPair> toPem(X509* certificate, EVP_PKEY* key) {
  const Bio certificateOut(BIO_new(BIO_s_mem()));
  const Bio keyOut(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificateOut.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(keyOut.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return opensslFail("encode a certificate");
  }
  return KeyPair{drain(certificateOut), drain(keyOut)};
}

bool addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool setSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
    return false;
  }
  bytes[0] &= 0x7f;  // RFC 5280 4.1.2.2: positive
  BIGNUM* number = BN_bin2bn(bytes, sizeof(bytes), nullptr);
  const bool ok = number != nullptr &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return ok;
}

/// A certificate for `key` with subject and validity set; not signed yet.
Certificate blank(EVP_PKEY* key, const std::string& commonName, WallTime now, long lifetime) {
  Certificate certificate(X509_new());
  const auto start = std::chrono::floor<seconds>(now).time_since_epoch().count();
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const bool ok =
      X509_set_version(certificate.get(), 2) == 1 && setSerial(certificate.get()) &&
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), start - kHour) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), start + lifetime) != nullptr &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(commonName.c_str()), -1, -1,
                                 0) == 1 &&
      X509_set_pubkey(certificate.get(), key) == 1;
  return ok ? std::move(certificate) : nullptr;
}

Result<std::string> alternativeNames(const ServerNames& names) {
  std::string out;
  for (const std::string& dns : names.dnsNames) {
    if (dns.find_first_of(",:;= \n") != std::string::npos) {
      return invalid(fmt::format("\"{}\" is not a DNS name", dns));
    }
    out += (out.empty() ? "DNS:" : ",DNS:") + dns;
  }
  for (const std::string& ip : names.ips) {
    if (!IpAddress::parse(ip)) {
      return invalid(fmt::format("\"{}\" is not an IP address", ip));
    }
    out += (out.empty() ? "IP:" : ",IP:") + ip;
  }
  if (out.empty()) {
    return invalid("a server certificate needs at least one name or IP address");
  }
  return out;
}

}  // namespace

Result<KeyPair> makeAuthority(const std::string& commonName, WallTime now) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) {
    return opensslFail("make a key");
  }
  const Certificate certificate = blank(key.get(), commonName, now, kTenYears);
  if (!certificate) {
    return opensslFail("make a certificate");
  }
  X509* self = certificate.get();
  const bool ok = X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
                  addExtension(self, self, NID_basic_constraints, "critical,CA:TRUE") &&
                  addExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                  addExtension(self, self, NID_subject_key_identifier, "hash") &&
                  X509_sign(self, key.get(), EVP_sha256()) != 0;
  return ok ? toPem(self, key.get()) : opensslFail("sign the authority's certificate");
}

Result<KeyPair> issueServerCertificate(const KeyPair& authority, const ServerNames& names,
                                       WallTime now, seconds lifetime) {
  const std::string alternatives = TRY(alternativeNames(names));
  const Certificate issuer = readCertificate(authority.certificatePem);
  const Key issuerKey = readKey(authority.keyPem);
  if (!issuer || !issuerKey) {
    return opensslFail("read the authority's certificate and key");
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) {
    return opensslFail("make a key");
  }
  const std::string commonName =
      names.dnsNames.empty() ? names.ips.front() : names.dnsNames.front();
  const Certificate certificate = blank(key.get(), commonName, now, lifetime.count());
  if (!certificate) {
    return opensslFail("make a certificate");
  }
  X509* self = certificate.get();
  const bool ok = X509_set_issuer_name(self, X509_get_subject_name(issuer.get())) == 1 &&
                  addExtension(self, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                  addExtension(self, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                  addExtension(self, issuer.get(), NID_ext_key_usage, "serverAuth") &&
                  addExtension(self, issuer.get(), NID_authority_key_identifier, "keyid") &&
                  addExtension(self, issuer.get(), NID_subject_alt_name, alternatives) &&
                  X509_sign(self, issuerKey.get(), EVP_sha256()) != 0;
  return ok ? toPem(self, key.get()) : opensslFail("sign the server's certificate");
}

Result<KeyPair> loadOrMakeAuthority(const std::string& directory, WallTime now) {
  const std::string certificatePath = directory + "/ca.crt";
  const std::string keyPath = directory + "/ca.key";
  auto certificate = readFile(certificatePath);
  auto key = readFile(keyPath);
  if (certificate && key) {
    return KeyPair{*std::move(certificate), *std::move(key)};
  }
  KeyPair made = TRY(makeAuthority("hitless-ca", now));
  TRY_VOID(writeFile(keyPath, made.keyPem, 0600));
  TRY_VOID(writeFile(certificatePath, made.certificatePem, 0644));
  return made;
}

}  // namespace hitless::sys
