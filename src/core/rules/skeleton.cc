#include "core/rules/skeleton.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>

#include <array>

#include "core/rules/dispatch.h"
#include "core/rules/match.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::CtKey;
using nft::Datum;
using nft::FieldType;
using nft::HookPoint;
using nft::HookType;
using nft::Rule;
using nft::SetSpec;
using nft::VerdictKind;

/// nft's names for hook priorities: dstnat, filter, srcnat.
constexpr std::int32_t kPriorityDstnat = -100;
constexpr std::int32_t kPriorityBeforeDstnat = kPriorityDstnat - 10;
constexpr std::int32_t kPriorityFilter = 0;
constexpr std::int32_t kPrioritySrcnat = 100;

constexpr std::array<PortKind, 2> kKinds = {PortKind::kAddress, PortKind::kNodePort};

struct BaseChain {
  std::string_view name;
  nft::Hook hook;
};
constexpr std::array<BaseChain, 2> kBeforeNat = {
    {{names::kFilterPrerouting, {HookType::kFilter, HookPoint::kPrerouting, kPriorityBeforeDstnat}},
     {names::kFilterOutputBeforeNat,
      {HookType::kFilter, HookPoint::kOutput, kPriorityBeforeDstnat}}}};
constexpr BaseChain kNatPrerouting = {names::kNatPrerouting,
                                      {HookType::kNat, HookPoint::kPrerouting, kPriorityDstnat}};
constexpr BaseChain kNatOutput = {names::kNatOutput,
                                  {HookType::kNat, HookPoint::kOutput, kPriorityDstnat}};
constexpr BaseChain kNatPostrouting = {names::kNatPostrouting,
                                       {HookType::kNat, HookPoint::kPostrouting, kPrioritySrcnat}};
constexpr BaseChain kFilterInput = {names::kFilterInput,
                                    {HookType::kFilter, HookPoint::kInput, kPriorityFilter}};
constexpr BaseChain kFilterForward = {names::kFilterForward,
                                      {HookType::kFilter, HookPoint::kForward, kPriorityFilter}};
constexpr BaseChain kFilterOutput = {names::kFilterOutput,
                                     {HookType::kFilter, HookPoint::kOutput, kPriorityFilter}};

std::string byKind(PortKind kind, IpFamily family, std::string_view byAddress,
                   std::string_view byNodePort) {
  return names::suffixed(kind == PortKind::kAddress ? byAddress : byNodePort, family);
}

/// Builds the ruleset part by part.
class Builder {
 public:
  explicit Builder(const Options& options) : options_(options) {}

  nft::Ruleset build() {
    out_.table = nft::TableSpec{std::string(names::kTable), "Kubernetes services by hitless"};
    for (const IpFamily family : options_.families) {
      addSets(family);
      addDispatch(out_, family);
    }
    addFirewall();
    addDestinationNat();
    addUnserved();
    addRemember(names::kRemember, View::kOwn);
    addRemember(names::kRememberFromNode, View::kFromNode);
    addFilters();
    addMasquerade();
    return std::move(out_);
  }

 private:
  std::vector<Rule>& chain(const BaseChain& base) {
    return out_.addChain({std::string(base.name), base.hook, {}}).rules;
  }
  std::vector<Rule>& chain(std::string_view name) {
    return out_.addChain({std::string(name), std::nullopt, {}}).rules;
  }

  void addSets(IpFamily family) {
    const FieldType ip = family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
    const auto add = [&](std::string_view stem, SetSpec::Kind kind, std::vector<FieldType> key,
                         std::string comment) {
      return &out_.addSet(
          {names::suffixed(stem, family), kind, std::move(key), {}, std::move(comment)});
    };
    const std::vector<FieldType> port = {FieldType::kInetProto, FieldType::kInetService};
    const std::vector<FieldType> address = {ip, FieldType::kInetProto, FieldType::kInetService};
    constexpr auto kSet = SetSpec::Kind::kSet;
    add(names::kClusterIps, kSet, {ip}, "cluster IPs of all services");
    add(names::kHairpin, kSet, {ip, ip}, "endpoints on this node, for those that reach themselves");
    nft::Set* nodeAddresses =
        add(names::kNodePortAddresses, kSet, {ip}, "where node ports are served");
    for (const IpAddress& own : options_.nodePortAddresses) {
      if (own.family() == family) {
        nodeAddresses->elements[Datum().address(own)] = {};
      }
    }
    add(names::kFirewall, SetSpec::Kind::kVerdictMap, address, "loadBalancerSourceRanges");
    add(names::kExternalCluster, kSet, address, "externalTrafficPolicy Cluster");
    add(names::kNodePortsCluster, kSet, port, "externalTrafficPolicy Cluster");
    add(names::kExternalLocal, kSet, address, "externalTrafficPolicy Local");
    add(names::kNodePortsLocal, kSet, port, "externalTrafficPolicy Local");
    add(names::kNoEndpoint, kSet, address, "no endpoint: refused");
    add(names::kNodePortNoEndpoint, kSet, port, "no endpoint: refused");
    add(names::kNoLocalEndpoint, kSet, address,
        "traffic policy Local and no endpoint on this node: dropped");
    add(names::kNodePortNoLocalEndpoint, kSet, port,
        "traffic policy Local and no endpoint on this node: dropped");
  }

  /// Before translation, because afterwards the load balancer's IP is gone from the packet.
  void addFirewall() {
    for (const BaseChain& base : kBeforeNat) {
      auto& rules = chain(base);
      for (const IpFamily family : options_.families) {
        rules.push_back({hasBit(CtKey::kState, NF_CT_STATE_BIT(IP_CT_NEW)) + isFamily(family) +
                             packetKey(PortKind::kAddress, family).load +
                             Exprs{verdictOf(names::suffixed(names::kFirewall, family))},
                         {}});
      }
    }
  }

  /// Connections that begin on this node see externalTrafficPolicy Local from inside.
  void addFromNode(std::vector<Rule>& rules, const Exprs& source, IpFamily family) {
    for (const PortKind kind : kKinds) {
      rules.push_back(
          {source + atNode(kind, family) + packetKey(kind, family).load +
               Exprs{in(byKind(kind, family, names::kExternalLocal, names::kNodePortsLocal)),
                     act(VerdictKind::kGoto, dispatchChain(kind, View::kFromNode, family))},
           {}});
    }
  }

  void addDestinationNat() {
    auto& prerouting = chain(kNatPrerouting);
    auto& output = chain(kNatOutput);
    for (const IpFamily family : options_.families) {
      for (const Exprs& pods : fromPods(options_.pods, family)) {
        addFromNode(prerouting, pods, family);
      }
      addFromNode(output, isFamily(family), family);
      const Rule dispatch{
          isFamily(family) +
              Exprs{act(VerdictKind::kJump, dispatchChain(PortKind::kAddress, View::kOwn, family))},
          {}};
      prerouting.push_back(dispatch);
      output.push_back(dispatch);
    }
  }

  /// TCP gets a reset and not an ICMP error: connect() fails at once, where an error that arrives
  /// while connect() still holds the socket only counts after the next SYN, and ICMP errors are
  /// limited to about one a second per client.
  static void addRefusal(std::vector<Rule>& rules, const Exprs& match, const std::string& why) {
    rules.push_back(
        {isProtocol(IPPROTO_TCP) + match + Exprs{nft::Reject{nft::Reject::With::kTcpReset}}, why});
    rules.push_back({match + Exprs{nft::Reject{}}, why});
  }

  /// Behind translation: what is still addressed to a service port found no endpoint.
  void addUnserved() {
    auto& rules = chain(names::kUnserved);
    for (const IpFamily family : options_.families) {
      for (const PortKind kind : kKinds) {
        const Exprs load = isFamily(family) + atNode(kind, family) + packetKey(kind, family).load;
        rules.push_back({load + Exprs{in(byKind(kind, family, names::kNoLocalEndpoint,
                                                names::kNodePortNoLocalEndpoint)),
                                      act(VerdictKind::kDrop)},
                         "endpoints elsewhere: the client tries again"});
        addRefusal(
            rules,
            load + Exprs{in(byKind(kind, family, names::kNoEndpoint, names::kNodePortNoEndpoint))},
            "no endpoint");
      }
      addRefusal(rules,
                 isFamily(family) + Exprs{destinationAddress(family, {0}),
                                          in(names::suffixed(names::kClusterIps, family))},
                 "no endpoint, or no such port");
    }
    for (const Cidr& network : options_.serviceCidrs) {
      rules.push_back({isFamily(network.address.family()) + inNetwork(network, false) +
                           Exprs{act(VerdictKind::kDrop)},
                       "no service has this address"});
    }
  }

  void addRemember(std::string_view name, View view) {
    auto& rules = chain(name);
    for (const IpFamily family : options_.families) {
      for (const PortKind kind : kKinds) {
        ServicePortKey key = originalKey(kind, family);
        key.load.push_back(
            nft::RandomNumber{1, static_cast<std::uint32_t>(view), nft::Register{key.words}});
        rules.push_back({isFamily(family) + originallyAtNode(kind, family) + key.load +
                             Exprs{verdictOf(rememberMap(kind, family))},
                         {}});
      }
    }
  }

  void addFilters() {
    const Exprs fresh = hasBit(CtKey::kState, NF_CT_STATE_BIT(IP_CT_NEW));
    const Exprs translated = fresh + hasBit(CtKey::kStatus, IPS_DST_NAT);
    const auto go = [](Exprs match, VerdictKind kind, std::string_view chain) {
      match.push_back(act(kind, chain));
      return Rule{std::move(match), {}};
    };
    for (const BaseChain* base : {&kFilterInput, &kFilterForward, &kFilterOutput}) {
      auto& rules = chain(*base);
      if (base == &kFilterOutput) {
        rules.push_back(go(translated, VerdictKind::kGoto, names::kRememberFromNode));
      } else {
        for (const IpFamily family : options_.families) {
          for (const Exprs& pods : fromPods(options_.pods, family)) {
            rules.push_back(go(translated + pods, VerdictKind::kGoto, names::kRememberFromNode));
          }
        }
        rules.push_back(go(translated, VerdictKind::kGoto, names::kRemember));
      }
      // What was translated found an endpoint and has left by now.
      rules.push_back(go(fresh, VerdictKind::kJump, names::kUnserved));
    }
  }

  Rule masqueradeHairpin(IpFamily family) const {
    Exprs exprs = isFamily(family);
    exprs.push_back(sourceAddress(family, {0}));
    exprs.push_back(destinationAddress(family, {addressWords(family)}));
    exprs.push_back(in(names::suffixed(names::kHairpin, family)));
    exprs.push_back(nft::Masquerade{});
    return {std::move(exprs), "an endpoint that reached itself through a service"};
  }

  /// Every connection that came to a service port of these sets, or only those that `source` says.
  void masqueradeExternal(std::vector<Rule>& rules, const Exprs& source, IpFamily family,
                          std::string_view byAddress, std::string_view byNodePort,
                          const std::string& why) const {
    for (const PortKind kind : kKinds) {
      rules.push_back(
          {isFamily(family) + source + originallyAtNode(kind, family) +
               originalKey(kind, family).load +
               Exprs{in(byKind(kind, family, byAddress, byNodePort)), nft::Masquerade{}},
           why});
    }
  }

  Rule masqueradeClusterIp(IpFamily family) const {
    Exprs exprs = originallyTo(family);
    exprs.push_back(in(names::suffixed(names::kClusterIps, family)));
    exprs.push_back(nft::Masquerade{});
    return {std::move(exprs), "cluster IP used from outside the pod network"};
  }

  static Exprs originallyTo(IpFamily family) {
    return {nft::Ct{
        family == IpFamily::kV4 ? CtKey::kOriginalDestinationV4 : CtKey::kOriginalDestinationV6,
        {0}}};
  }

  void addMasquerade() {
    chain(kNatPostrouting)
        .push_back({hasBit(CtKey::kStatus, IPS_DST_NAT) +
                        Exprs{act(VerdictKind::kGoto, names::kMasquerade)},
                    {}});
    auto& rules = chain(names::kMasquerade);
    for (const IpFamily family : options_.families) {
      rules.push_back(masqueradeHairpin(family));
      masqueradeExternal(rules, {}, family, names::kExternalCluster, names::kNodePortsCluster,
                         "answers come back through this node");
      masqueradeExternal(rules, fromHost(), family, names::kExternalLocal, names::kNodePortsLocal,
                         "the node's own connections may go to other nodes");
      for (const Exprs& pods : fromPods(options_.pods, family)) {
        if (!options_.masqueradeAll) {
          rules.push_back({pods + Exprs{act(VerdictKind::kReturn)}, "pods keep their address"});
        }
      }
      rules.push_back(masqueradeClusterIp(family));
    }
  }

  const Options& options_;
  nft::Ruleset out_;
};

}  // namespace

nft::Ruleset skeleton(const Options& options) {
  return Builder(options).build();
}

}  // namespace hitless::rules
