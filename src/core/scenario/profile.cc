#include "core/scenario/profile.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace hitless::scenario {
namespace {

// Measured between a DELETE of a ready pod and the slice write with ready=false (10-25 ms), the
// middle.
constexpr Lag kSliceLag{"EndpointSlice controller: delete seen -> slice written", milliseconds{20},
                        "trace of kube-controller-manager 1.20: 10-25 ms after the DELETE, without "
                        "the conflict retries that add 0.5 s"};
// pkg/proxy/apis/config/v1alpha1/defaults.go: iptables.minSyncPeriod.
constexpr Lag kProxySync{"kube-proxy: between two syncs of the packet rules", seconds{1},
                         "KubeProxyConfiguration, iptables.minSyncPeriod, default 1s"};

// Measured with CoreDNS 1.10: an address asked for just before it changed was told for 29.96 s
// more.
constexpr Lag kDnsCache{"CoreDNS: an answer is given again from its cache", seconds{30},
                        "kubeadm's Corefile, `ttl 30` and `cache 30`; NodeLocal DNSCache `success "
                        "9984 30`. Newer kubeadm does not cache the cluster's zone"};

constexpr Lag kStockLags[] = {kSliceLag, kProxySync, kDnsCache};

constexpr Profile kProfiles[] = {
    {"hitless", "SIGTERM waits until every node has removed the endpoint", true, nanoseconds{0},
     nanoseconds{0}, seconds{0}, true},
    {"stock", "the same program with Kubernetes' delays and no gate", false, kSliceLag.value,
     kProxySync.value, std::chrono::duration_cast<seconds>(kDnsCache.value), false},
};

}  // namespace

std::span<const Profile> profiles() {
  return kProfiles;
}
std::span<const Lag> stockLags() {
  return kStockLags;
}

Result<Profile> findProfile(std::string_view name) {
  std::vector<std::string> names;
  for (const Profile& profile : kProfiles) {
    if (profile.name == name) {
      return profile;
    }
    names.emplace_back(profile.name);
  }
  return invalid(fmt::format("there is no profile '{}'", name),
                 fmt::format("profiles: {}", join(names, ", ")));
}

}  // namespace hitless::scenario
