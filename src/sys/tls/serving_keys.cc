#include "sys/tls/serving_keys.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "sys/tls/openssl.h"

namespace hitless::sys {
namespace {

using Store = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

std::optional<WallTime> timeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return std::nullopt;
  }
  return WallTime{seconds{::timegm(&parts)}};
}

/// When two thirds of a certificate's life are over; the beginning of time for none.
WallTime dueTime(const X509* certificate) {
  if (certificate == nullptr) {
    return {};
  }
  const auto from = timeOf(X509_get0_notBefore(certificate));
  const auto to = timeOf(X509_get0_notAfter(certificate));
  return from && to ? *from + (*to - *from) / 3 * 2 : WallTime{};
}

bool matches(const Certificate& certificate, const Key& key) {
  return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

bool covers(X509* certificate, const ServerNames& names) {
  const auto host = [&](const std::string& name) {
    return X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
  };
  const auto ip = [&](const std::string& text) {
    return X509_check_ip_asc(certificate, text.c_str(), 0) == 1;
  };
  return std::all_of(names.dnsNames.begin(), names.dnsNames.end(), host) &&
         std::all_of(names.ips.begin(), names.ips.end(), ip);
}

/// As a client sees it that trusts these authorities.
bool believed(X509* certificate, const std::string& trust, WallTime now) {
  const Store store(X509_STORE_new());
  for (const Certificate& authority : readCertificates(trust)) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  const StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) != 1) {
    return false;
  }
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                             std::chrono::floor<seconds>(now).time_since_epoch().count());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  return X509_verify_cert(context.get()) == 1;
}

bool usable(const KeyPair& serving, const std::string& trust, const ServerNames& names,
            WallTime now) {
  const Certificate certificate = readCertificate(serving.certificatePem);
  return matches(certificate, readKey(serving.keyPem)) && covers(certificate.get(), names) &&
         believed(certificate.get(), trust, now);
}

bool due(const KeyPair& pair, WallTime now) {
  return now >= dueTime(readCertificate(pair.certificatePem).get());
}

std::string pemOf(const Certificate& certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  PEM_write_bio_X509(out.get(), certificate.get());
  const long length = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(length));
}

/// `fresh` before those of the old authorities that are still valid.
std::string trustWith(const std::string& fresh, const std::string& old, WallTime now) {
  std::string trust = fresh;
  for (const Certificate& certificate : readCertificates(old)) {
    const auto end = timeOf(X509_get0_notAfter(certificate.get()));
    if (end && now < *end) {
      trust += pemOf(certificate);
    }
  }
  return trust;
}

}  // namespace

Result<std::optional<ServingKeys>> renewedKeys(const std::optional<ServingKeys>& current,
                                               const ServerNames& names, WallTime now,
                                               const KeyLifetimes& lifetimes) {
  ServingKeys keys = current.value_or(ServingKeys{});
  bool changed = false;
  const bool ownAuthority =
      matches(readCertificate(keys.authority.certificatePem), readKey(keys.authority.keyPem));
  if (!ownAuthority || due(keys.authority, now)) {
    keys.authority = TRY(makeAuthority("hitless-webhook-ca", now));
    keys.trust = trustWith(keys.authority.certificatePem, keys.trust, now);
    changed = true;
  }
  if (!usable(keys.serving, keys.trust, names, now) || due(keys.serving, now)) {
    keys.serving = TRY(issueServerCertificate(keys.authority, names, now, lifetimes.serving));
    changed = true;
  }
  if (!usable(keys.serving, keys.trust, names, now)) {  // Somebody has put another trust there.
    keys.trust = keys.authority.certificatePem;
    changed = true;
  }
  return changed ? std::optional(std::move(keys)) : std::nullopt;
}

WallTime renewalTime(const ServingKeys& keys) {
  return std::min(dueTime(readCertificate(keys.authority.certificatePem).get()),
                  dueTime(readCertificate(keys.serving.certificatePem).get()));
}

Result<WallTime> expiryOf(const std::string& certificatePem) {
  const Certificate certificate = readCertificate(certificatePem);
  const auto end = certificate ? timeOf(X509_get0_notAfter(certificate.get())) : std::nullopt;
  if (!end) {
    return opensslFail("read the end of a certificate's life");
  }
  return *end;
}

}  // namespace hitless::sys
