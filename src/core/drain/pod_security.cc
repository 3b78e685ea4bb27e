#include "core/drain/pod_security.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::drain {
namespace {

constexpr unsigned kFirstMinor = 34;
constexpr std::string_view kLevel = "pod-security.kubernetes.io/enforce";
constexpr std::string_view kVersion = "pod-security.kubernetes.io/enforce-version";

/// The minor version that "v1.33" means; "latest", nothing and what cannot be read: the server's.
unsigned policyMinor(std::string_view version, unsigned server) {
  constexpr std::string_view kPrefix = "v1.";
  const auto minor = version.starts_with(kPrefix) ? parseUint(version.substr(kPrefix.size()))
                                                  : std::optional<std::uint64_t>();
  return minor ? static_cast<unsigned>(std::min<std::uint64_t>(*minor, server)) : server;
}

}  // namespace

bool forbidsHookHosts(const kube::json::object& ns, unsigned minor) {
  const std::string_view level = kube::text(ns, {"metadata", "labels", kLevel});
  const std::string_view version = kube::text(ns, {"metadata", "labels", kVersion});
  return (level == "baseline" || level == "restricted") &&
         policyMinor(version, minor) >= kFirstMinor;
}

std::string hookHostsForbiddenText(const kube::json::object& ns) {
  return fmt::format(
      "no gate: Pod Security level {} of namespace {} refuses hooks that name a host, as the "
      "gate's "
      "does. Label the namespace {}=v1.33 (docs/gate.md)",
      kube::text(ns, {"metadata", "labels", kLevel}), kube::text(ns, {"metadata", "name"}),
      kVersion);
}

}  // namespace hitless::drain
