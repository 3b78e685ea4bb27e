#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "sys/tls/certificates.h"

namespace hitless::sys {

/// What a server needs that signs its own certificates.
struct ServingKeys {
  KeyPair authority;
  std::string trust;  ///< PEM of the authorities that clients are to trust, the newest first.
  KeyPair serving;
};

struct KeyLifetimes {
  seconds serving = std::chrono::days(90);
};

/// What is to take the place of `current` at this time; nothing if it may stay. Whatever has passed
/// two thirds of its life is renewed, and what cannot be used is made anew. A new authority does
/// not touch a serving certificate that is good: that is renewed from it later, when clients have
/// learnt to trust it, and the old one is trusted for as long as it is valid.
Result<std::optional<ServingKeys>> renewedKeys(const std::optional<ServingKeys>& current,
                                               const ServerNames& names, WallTime now,
                                               const KeyLifetimes& lifetimes);

/// When renewedKeys() has something to do next.
WallTime renewalTime(const ServingKeys& keys);
/// notAfter of the first certificate of a PEM text.
Result<WallTime> expiryOf(const std::string& certificatePem);

}  // namespace hitless::sys
