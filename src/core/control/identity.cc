#include "core/control/identity.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::control {

std::string makeUid(Rng& rng) {
  const std::uint64_t high = (rng.next() & ~0xf000ULL) | 0x4000ULL;  // RFC 9562: version 4
  const std::uint64_t low = (rng.next() & ~(3ULL << 62)) | (2ULL << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

std::string generatedName(std::string_view prefix, Rng& rng) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::size_t kMaxPrefix = 63 - 5;
  std::string name(prefix.substr(0, kMaxPrefix));
  for (int i = 0; i < 5; ++i) {
    name += kAlphabet[rng.below(kAlphabet.size())];
  }
  return name;
}

std::uint64_t revisionOf(const kube::json::object& object) {
  return parseUint(kube::text(object, {"metadata", "resourceVersion"})).value_or(0);
}
std::string_view nameOf(const kube::json::object& object) {
  return kube::text(object, {"metadata", "name"});
}
std::string_view namespaceOf(const kube::json::object& object) {
  return kube::text(object, {"metadata", "namespace"});
}
std::string_view uidOf(const kube::json::object& object) {
  return kube::text(object, {"metadata", "uid"});
}

}  // namespace hitless::control
