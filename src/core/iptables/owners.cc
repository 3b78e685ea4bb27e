#include "core/iptables/owners.h"

#include <algorithm>
#include <array>

#include "core/iptables/target_of.h"

namespace hitless::iptables {
namespace {

using Names = std::string_view;

// Kubelet, kube-proxy, kube-router's policies and flannel are threads of one process in K3s, the
// first two in MicroK8s' kubelite and in hyperkube.
constexpr auto kKubeProxyRuns =
    std::to_array<Names>({"kube-proxy", "k3s", "kubelite", "hyperkube", "openshift-sdn"});
constexpr auto kKubeletRuns = std::to_array<Names>({"kubelet", "k3s", "kubelite", "hyperkube"});
constexpr auto kKubeRouterRuns = std::to_array<Names>({"kube-router", "k3s"});
constexpr auto kFlannelRuns = std::to_array<Names>({"flanneld", "k3s", "kube-ovn"});
constexpr auto kCalicoRuns = std::to_array<Names>({"calico-", "felix"});
// Plugins live for milliseconds: what calls them is what lives.
constexpr auto kCniRuns = std::to_array<Names>({"containerd", "crio", "cri-dockerd", "kubelet",
                                                "k3s", "kubelite", "podman", "conmon", "nomad"});
constexpr auto kCrioRuns = std::to_array<Names>({"crio", "kubelet"});
constexpr auto kWeaveRuns = std::to_array<Names>({"weave"});
constexpr auto kCiliumRuns = std::to_array<Names>({"cilium"});
constexpr auto kAwsRuns = std::to_array<Names>({"aws-k8s-agent", "aws-vpc-cni", "ipamd"});
constexpr auto kAntreaRuns = std::to_array<Names>({"antrea-"});
constexpr auto kOvnRuns = std::to_array<Names>({"ovnkube", "ovn-"});
constexpr auto kDockerRuns = std::to_array<Names>({"dockerd", "docker"});
constexpr auto kFirewalldRuns = std::to_array<Names>({"firewalld"});
constexpr auto kFail2banRuns = std::to_array<Names>({"fail2ban"});
constexpr auto kMasqAgentRuns = std::to_array<Names>({"ip-masq-agent"});
constexpr auto kNodeCacheRuns = std::to_array<Names>({"node-cache"});
constexpr auto kTailscaleRuns = std::to_array<Names>({"tailscaled"});
constexpr auto kNetbirdRuns = std::to_array<Names>({"netbird"});
constexpr auto kHitlessRuns = std::to_array<Names>({"hitless"});

constexpr Owner kKubeProxy{"kube-proxy", kKubeProxyRuns, true};
constexpr Owner kKubelet{"kubelet", kKubeletRuns, true};
constexpr Owner kKubeRouter{"kube-router", kKubeRouterRuns, true};
constexpr Owner kCalico{"calico", kCalicoRuns, true};
constexpr Owner kFlannel{"flannel", kFlannelRuns, true};
constexpr Owner kCni{"CNI plugins", kCniRuns, true};
constexpr Owner kCrio{"cri-o", kCrioRuns, true};
constexpr Owner kWeave{"weave", kWeaveRuns, true};
constexpr Owner kCilium{"cilium", kCiliumRuns, true};
constexpr Owner kAws{"aws-vpc-cni", kAwsRuns, true};
constexpr Owner kAntrea{"antrea", kAntreaRuns, true};
constexpr Owner kOvn{"ovn-kubernetes", kOvnRuns, true};
constexpr Owner kDocker{"docker", kDockerRuns};
// No process tells whether these are at work: they write their rules and exit (podman, ufw, istio's
// init container), or are started only when they are asked something (libvirt).
constexpr Owner kNetavark{"netavark", {}};
constexpr Owner kLibvirt{"libvirt", {}};
constexpr Owner kUfw{"ufw", {}};
constexpr Owner kIstio{"istio", {}};
constexpr Owner kFirewalld{"firewalld", kFirewalldRuns};
constexpr Owner kFail2ban{"fail2ban", kFail2banRuns};
constexpr Owner kMasqAgent{"ip-masq-agent", kMasqAgentRuns, true};
constexpr Owner kNodeCache{"node-local-dns", kNodeCacheRuns, true};
constexpr Owner kTailscale{"tailscale", kTailscaleRuns};
constexpr Owner kNetbird{"netbird", kNetbirdRuns};
constexpr Owner kHitless{"hitless", kHitlessRuns};

constexpr auto kOwners = std::to_array<const Owner*>(
    {&kKubeProxy, &kKubelet,  &kKubeRouter, &kCalico,    &kFlannel,   &kCni,
     &kCrio,      &kWeave,    &kCilium,     &kAws,       &kAntrea,    &kOvn,
     &kDocker,    &kNetavark, &kLibvirt,    &kUfw,       &kIstio,     &kHitless,
     &kFirewalld, &kFail2ban, &kMasqAgent,  &kNodeCache, &kTailscale, &kNetbird});

struct Pattern {
  std::string_view text;  ///< With '*' at its end: a prefix.
  const Owner* owner;
};

/// The first that fits counts.
constexpr auto kChains = std::to_array<Pattern>({
    {"KUBE-SERVICES", &kKubeProxy},
    {"KUBE-SVC-*", &kKubeProxy},
    {"KUBE-SVL-*", &kKubeProxy},
    {"KUBE-SEP-*", &kKubeProxy},
    {"KUBE-FW-*", &kKubeProxy},
    {"KUBE-XLB-*", &kKubeProxy},
    {"KUBE-EXT-*", &kKubeProxy},
    {"KUBE-EXTERNAL-SERVICES", &kKubeProxy},
    {"KUBE-NODEPORTS", &kKubeProxy},
    {"KUBE-NODE-PORT*", &kKubeProxy},
    {"KUBE-POSTROUTING", &kKubeProxy},
    {"KUBE-MARK-MASQ", &kKubeProxy},
    {"KUBE-MARK-DROP", &kKubeProxy},
    {"KUBE-FORWARD", &kKubeProxy},
    {"KUBE-PROXY-*", &kKubeProxy},
    {"KUBE-IPVS-*", &kKubeProxy},
    {"KUBE-LOAD-BALANCER", &kKubeProxy},
    {"KUBE-SOURCE-RANGES-FIREWALL", &kKubeProxy},
    {"KUBE-FIREWALL", &kKubelet},
    {"KUBE-KUBELET-CANARY", &kKubelet},
    {"KUBE-IPTABLES-HINT", &kKubelet},
    {"KUBE-ROUTER-*", &kKubeRouter},
    {"KUBE-POD-FW-*", &kKubeRouter},
    {"KUBE-NWPLCY-*", &kKubeRouter},
    {"cali-*", &kCalico},
    {"FLANNEL-*", &kFlannel},
    {"CNI-*", &kCni},
    {"KUBE-HOSTPORTS", &kCrio},
    {"KUBE-HP-*", &kCrio},
    {"CRIO-*", &kCrio},
    {"WEAVE", &kWeave},
    {"WEAVE-*", &kWeave},
    {"CILIUM_*", &kCilium},
    {"OLD_CILIUM_*", &kCilium},
    {"AWS-*", &kAws},
    {"ANTREA-*", &kAntrea},
    {"OVN-KUBE-*", &kOvn},
    {"DOCKER", &kDocker},
    {"DOCKER-*", &kDocker},
    {"DOCKER_*", &kDocker},
    {"NETAVARK*", &kNetavark},
    {"LIBVIRT_*", &kLibvirt},
    {"ufw-*", &kUfw},
    {"ufw6-*", &kUfw},
    {"ISTIO_*", &kIstio},
    {"HITLESS-*", &kHitless},
    {"f2b-*", &kFail2ban},
    {"IP-MASQ", &kMasqAgent},
    {"IP-MASQ-AGENT", &kMasqAgent},
    {"ts-input", &kTailscale},
    {"ts-forward", &kTailscale},
    {"ts-postrouting", &kTailscale},
    {"NETBIRD-*", &kNetbird},
});

/// How comments begin of rules that stand in built-in chains and lead to no chain of their owner.
constexpr auto kComments = std::to_array<Pattern>({
    {"cali:*", &kCalico},
    {"flanneld *", &kFlannel},
    {"kube-router *", &kKubeRouter},
    {"allow outbound traffic from pods", &kKubeRouter},
    {"allow inbound traffic to pods", &kKubeRouter},
    {"allow outbound node port traffic *", &kKubeRouter},
    {"kubernetes *", &kKubeProxy},
    {"block incoming localnet connections", &kKubelet},
    {"CNI *", &kCni},
    {"name: \\\"*", &kCni},  // plugin "bridge" with ipMasq: name: "NET" id: "CONTAINER"
    {"cilium*", &kCilium},
    {"AWS*", &kAws},
    {"Antrea:*", &kAntrea},
    {"NodeLocal DNS Cache*", &kNodeCache},
    {"ip-masq-agent:*", &kMasqAgent},
    {"hitless*", &kHitless},
});

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return name == pattern;
}

const Owner* find(std::span<const Pattern> patterns, std::string_view name) {
  const auto found = std::ranges::find_if(
      patterns, [&](const Pattern& pattern) { return fits(pattern.text, name); });
  return found == patterns.end() ? nullptr : found->owner;
}

// firewalld's chains: per built-in chain (firewall/core/ipXtables.py), and per zone. "IN_web" may
// be anybody's, so that only zones that it comes with count.
constexpr auto kBuiltIn =
    std::to_array<Names>({"INPUT_", "FORWARD_", "OUTPUT_", "PREROUTING_", "POSTROUTING_"});
constexpr auto kBehindBuiltIn =
    std::to_array<Names>({"direct", "ZONES", "ZONES_SOURCE", "IN_ZONES", "IN_ZONES_SOURCE",
                          "OUT_ZONES", "OUT_ZONES_SOURCE", "POLICIES_pre", "POLICIES_post"});
constexpr auto kPerZone = std::to_array<Names>({"IN_", "FWDI_", "FWDO_", "FWD_", "PRE_", "POST_"});
constexpr auto kZones =
    std::to_array<Names>({"public", "home", "work", "internal", "external", "dmz", "block", "drop",
                          "trusted", "libvirt", "docker", "nm-shared"});
constexpr auto kBehindZone = std::to_array<Names>({"", "_log", "_deny", "_allow", "_pre", "_post"});

bool composed(std::string_view name, std::span<const Names> first, std::span<const Names> second,
              std::span<const Names> third) {
  return std::ranges::any_of(first, [&](Names head) {
    return name.starts_with(head) && std::ranges::any_of(second, [&](Names middle) {
             const std::string_view rest = name.substr(head.size());
             return rest.starts_with(middle) &&
                    std::ranges::find(third, rest.substr(middle.size())) != third.end();
           });
  });
}

bool ofFirewalld(std::string_view chain) {
  static constexpr auto kNothing = std::to_array<Names>({""});
  return composed(chain, kBuiltIn, kBehindBuiltIn, kNothing) ||
         composed(chain, kPerZone, kZones, kBehindZone);
}

}  // namespace

const Owner* ownerOfChain(std::string_view chain) {
  if (const Owner* owner = find(kChains, chain)) {
    return owner;
  }
  return ofFirewalld(chain) ? &kFirewalld : nullptr;
}

const Owner* ownerOfRule(std::string_view chain, const RuleText& rule) {
  if (const Owner* owner = ownerOfChain(chain)) {
    return owner;
  }
  const Owner* byComment = nullptr;
  for (std::string_view rest = rule.text; !rest.empty();) {
    const std::string_view word = nextWord(rest);
    if (word == "--comment") {
      const Owner* owner = find(kComments, nextWord(rest));
      byComment = byComment == nullptr ? owner : byComment;
    } else if (word == "-j" || word == "-g") {
      const Owner* owner = ownerOfChain(nextWord(rest));
      return owner == nullptr ? byComment : owner;
    }
  }
  return byComment;
}

std::span<const Owner* const> owners() {
  return kOwners;
}

}  // namespace hitless::iptables
