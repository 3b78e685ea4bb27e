#include "core/rules/elements.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/rules/affinity.h"
#include "core/rules/dispatch.h"
#include "core/rules/match.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using nft::VerdictKind;
using service::Outcome;
using service::PlannedFamily;
using service::PlannedPort;
using service::Target;
using service::TrafficPolicy;

/// "namespace/name:port", cut to what nft keeps of a comment.
std::string commentFor(const service::ServiceName& name, const PlannedPort& port) {
  constexpr std::size_t kMaxComment = 128;
  std::string text = name.text();
  if (!port.name.empty()) {
    text += ":" + port.name;
  }
  text.resize(std::min(text.size(), kMaxComment));
  return text;
}

/// One service in one family.
class Contribution {
 public:
  Contribution(nft::Ruleset& out, const Surroundings& around, const service::ServiceName& name,
               const LaidOutService& service, const PlannedFamily& family)
      : out_(out), around_(around), name_(name), service_(service), family_(family) {}

  void add() {
    set(names::kClusterIps)[Datum().address(family_.clusterIp)] = {};
    addFirewall();
    for (const PlannedPort& port : family_.ports) {
      const auto entries = entriesOf(service_.plan, family_, port);
      for (const Entry& entry : entries) {
        addSlots(port, entry);
        addPolicy(port, entry);
        addVerdict(port, entry);
      }
      if (service_.plan.affinityTimeout) {
        addAffinity(out_, {name_, service_.plan, family_, port}, entries);
      }
    }
  }

 private:
  nft::Elements& set(std::string_view stem) { return named(names::suffixed(stem, family_.family)); }
  nft::Elements& named(const std::string& name) { return out_.sets[name].elements; }
  nft::Elements& set(const Entry& entry, std::string_view byAddress, std::string_view byNodePort) {
    return set(entry.kind() == PortKind::kAddress ? byAddress : byNodePort);
  }

  void addSlots(const PlannedPort& port, const Entry& entry) {
    const auto* targets = find(service_.slots, slotsKey(family_, port, entry.policy));
    if (targets == nullptr) {
      return;
    }
    nft::Elements& endpoints = named(endpointsMap(entry.kind(), family_.family));
    for (std::uint32_t slot = 0; slot < targets->size(); ++slot) {
      const Target& target = (*targets)[slot];
      endpoints[entry.slotKey(slot)] = {Datum().address(target.ip).port(target.port),
                                        slot == 0 ? commentFor(name_, port) : std::string{}};
    }
  }

  /// Where masquerading and the view from inside depend on externalTrafficPolicy.
  void addPolicy(const PlannedPort& port, const Entry& entry) {
    if (entry.via == Entry::Via::kClusterIp || entry.view != View::kOwn) {
      return;
    }
    nft::Elements& elements = entry.policy == TrafficPolicy::kCluster
                                  ? set(entry, names::kExternalCluster, names::kNodePortsCluster)
                                  : set(entry, names::kExternalLocal, names::kNodePortsLocal);
    elements[entry.key] = {{}, commentFor(name_, port)};
  }

  /// What happens where there is no endpoint. Cluster IPs are refused as a whole.
  void addVerdict(const PlannedPort& port, const Entry& entry) {
    const Outcome outcome = port.route(entry.policy).outcome;
    if (outcome == Outcome::kForward || entry.view != View::kOwn) {
      return;
    }
    if (outcome == Outcome::kDrop) {
      set(entry, names::kNoLocalEndpoint, names::kNodePortNoLocalEndpoint)[entry.key] = {
          {}, commentFor(name_, port)};
    } else if (entry.via != Entry::Via::kClusterIp) {
      set(entry, names::kNoEndpoint, names::kNodePortNoEndpoint)[entry.key] = {
          {}, commentFor(name_, port)};
    }
  }

  /// loadBalancerSourceRanges: who is not listed is not answered.
  void addFirewall() {
    if (family_.sourceRanges.empty() || family_.balancerIps.empty()) {
      return;
    }
    const std::string name =
        fmt::format("{}-{}", names::suffixed(names::kFirewall, family_.family), name_.text());
    auto& rules = out_.addChain({name, std::nullopt, {}}).rules;
    for (const Cidr& range : allowedSources()) {
      rules.push_back(
          {isFamily(family_.family) + inNetwork(range, true) + Exprs{act(VerdictKind::kReturn)},
           {}});
    }
    rules.push_back({{act(VerdictKind::kDrop)}, {}});
    nft::Elements& verdicts = set(names::kFirewall);
    for (const PlannedPort& port : family_.ports) {
      const std::vector<IpAddress> served = servedAt(family_, port);
      for (const IpAddress& balancer : family_.balancerIps) {
        if (std::binary_search(served.begin(), served.end(), balancer)) {
          verdicts[addressKey(balancer, port.protocol, port.port)] = {
              nft::Verdict{VerdictKind::kGoto, name}, commentFor(name_, port)};
        }
      }
    }
  }

  /// Where the node itself is allowed, so is the load balancer's IP: kernels give the node's own
  /// connections to it that source (kube-proxy proxier.go).
  std::vector<Cidr> allowedSources() const {
    std::vector<Cidr> ranges = family_.sourceRanges;
    const bool nodeAllowed = std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) {
      return std::any_of(around_.nodeAddresses.begin(), around_.nodeAddresses.end(),
                         [&](const IpAddress& own) { return range.contains(own); });
    });
    if (nodeAllowed) {
      for (const IpAddress& balancer : family_.balancerIps) {
        ranges.push_back({balancer, static_cast<std::uint8_t>(balancer.bytes().size() * 8)});
      }
    }
    return ranges;
  }

  nft::Ruleset& out_;
  const Surroundings& around_;
  const service::ServiceName& name_;
  const LaidOutService& service_;
  const PlannedFamily& family_;
};

}  // namespace

void contribute(nft::Ruleset& out, const Surroundings& around, const service::ServiceName& name,
                const LaidOutService& service) {
  for (const PlannedFamily& family : service.plan.families) {
    if (enabled(around.options, family.family)) {
      Contribution(out, around, name, service, family).add();
    }
  }
}

nft::Element hairpinElement(const IpAddress& address) {
  return {Datum().address(address).address(address), {}};
}

bool enabled(const Options& options, IpFamily family) {
  return std::find(options.families.begin(), options.families.end(), family) !=
         options.families.end();
}

}  // namespace hitless::rules
