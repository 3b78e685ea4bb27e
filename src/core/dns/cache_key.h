#pragma once

#include <string_view>

#include "core/dns/query.h"

namespace hitless::dns {

/// What a reply depends on besides its name and type: DO changes the records (RFC 4035 3.2.1), CD
/// whether they were validated, and without RD an upstream may give a mere referral.
struct CacheKey {
  std::string_view name;  ///< Lower case, wire form.
  Type type = Type::kA;
  Class klass = Class::kInternet;
  std::uint8_t flags = 0;  ///< kDnssecOk, kCheckingDisabled, kRecursionDesired.

  static constexpr std::uint8_t kDnssecOk = 1;
  static constexpr std::uint8_t kCheckingDisabled = 2;
  static constexpr std::uint8_t kRecursionDesired = 4;

  bool operator==(const CacheKey&) const = default;
};

inline CacheKey keyOf(const Query& query) {
  CacheKey key{query.question.name(), query.question.type, query.question.klass, 0};
  key.flags |= query.edns && query.edns->dnssecOk ? CacheKey::kDnssecOk : 0;
  key.flags |= query.checkingDisabled ? CacheKey::kCheckingDisabled : 0;
  key.flags |= query.recursionDesired ? CacheKey::kRecursionDesired : 0;
  return key;
}

/// A type that stands for no records of its own, so that replies cannot be kept nor shared: OPT and
/// the question types (RFC 6895 3.1) but ANY.
inline bool isMetaType(Type type) {
  return type == Type::kOpt || (type >= static_cast<Type>(128) && type < Type::kAny);
}

/// SipHash-1-3 (Aumasson and Bernstein 2012) under a secret seed: names come from strangers, who
/// must not be able to choose names that meet in one place of a hash table.
class KeyHash {
 public:
  KeyHash(std::uint64_t seed0, std::uint64_t seed1) : seed0_(seed0), seed1_(seed1) {}
  std::uint64_t operator()(const CacheKey& key) const;

 private:
  std::uint64_t seed0_;
  std::uint64_t seed1_;
};

}  // namespace hitless::dns
