#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

/// A certificate authority of one's own and the certificates it signs (X.509 v3, ECDSA P-256).
namespace hitless::sys {

struct KeyPair {
  std::string certificatePem;
  std::string keyPem;  ///< PKCS #8, not encrypted.
};

/// Whom a server certificate is for.
struct ServerNames {
  std::vector<std::string> dnsNames;
  std::vector<std::string> ips;
};

/// Valid from an hour before `now` (clocks differ) for ten years.
Result<KeyPair> makeAuthority(const std::string& commonName, WallTime now);
/// Valid from an hour before `now`.
Result<KeyPair> issueServerCertificate(const KeyPair& authority, const ServerNames& names,
                                       WallTime now, seconds lifetime = std::chrono::years(1));

/// The authority kept in `directory` (ca.crt, and ca.key with mode 0600), made there if it is
/// missing.
Result<KeyPair> loadOrMakeAuthority(const std::string& directory, WallTime now);

}  // namespace hitless::sys
