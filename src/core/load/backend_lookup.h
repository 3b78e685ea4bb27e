#pragma once

#include <cstdint>
#include <string>

#include "base/ip.h"
#include "core/load/failure.h"

namespace hitless::load {

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;
  /// "10.0.0.1:80", "[2001:db8::1]:80"
  std::string text() const;
  auto operator<=>(const Endpoint&) const = default;
};

/// What a connection's destination was translated to.
struct Backend {
  enum class Kind {
    kUnknown,     ///< Cannot be told (no privilege, or the kernel does not track here).
    kNone,        ///< Connections are tracked here and this one is not: it was refused on its way.
    kDirect,      ///< Tracked and not translated: the destination itself.
    kTranslated,  ///< Tracked; `endpoint` is where its packets went.
  };
  Kind kind = Kind::kUnknown;
  Endpoint endpoint;
};

/// Finds the backend behind a connection through a virtual address, while the kernel still knows.
class BackendLookup {
 public:
  virtual ~BackendLookup() = default;
  virtual Backend find(const Endpoint& source, const Endpoint& destination) = 0;
  /// Takes in what the kernel reported since; to be called some times a second.
  virtual void refresh() {}
  /// How backends are found, or why they are not; for the result.
  virtual std::string description() const = 0;
};

/// Corrects what the socket alone cannot tell: a refusal that never reached a backend is "no
/// endpoint" (a reject rule answers like a closed port), and an ICMP port unreachable from beyond
/// the translation is the backend's refusal.
Cause refine(Cause cause, const Symptom& symptom, Backend::Kind kind);

/// Finds nothing.
class NoBackendLookup : public BackendLookup {
 public:
  explicit NoBackendLookup(std::string why) : why_(std::move(why)) {}
  Backend find(const Endpoint&, const Endpoint&) override { return {}; }
  std::string description() const override { return why_; }

 private:
  std::string why_;
};

}  // namespace hitless::load
