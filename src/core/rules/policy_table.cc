#include "core/rules/policy_table.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/conntrack/labels.h"
#include "core/policy/ranges.h"
#include "core/rules/match.h"
#include "core/rules/names.h"
#include "core/rules/policy_chains.h"

namespace hitless::rules {
namespace {

using nft::CtKey;
using nft::Datum;
using nft::HookPoint;
using nft::SetSpec;
using nft::VerdictKind;
using policy::Direction;

/// nft's "filter"; ingress sees what egress has let pass.
constexpr std::int32_t kPriorityEgress = 0;
constexpr std::int32_t kPriorityIngress = 1;

constexpr std::uint32_t kInvalid = NF_CT_STATE_INVALID_BIT;
constexpr std::uint32_t kRelated = NF_CT_STATE_BIT(IP_CT_RELATED);
constexpr std::uint32_t kUntracked = NF_CT_STATE_UNTRACKED_BIT;

/// As much of a pod's name as the kernel is given, so that what is read back is the same.
std::string commentOf(const policy::Holder& holder) {
  constexpr std::size_t kMostBytes = 128;
  return holder.pod.substr(0, kMostBytes);
}

std::string_view dispatchMap(Direction direction) {
  return direction == Direction::kIngress ? names::kIsolatedIngress : names::kIsolatedEgress;
}

/// The address that a direction's policies are about.
nft::Ct subject(Direction direction, IpFamily family) {
  return direction == Direction::kIngress ? replySource(family) : originalSource(family);
}

Exprs isJudged() {
  const Datum label = Datum().labels({conntrack::kJudgedLabel});
  return {nft::Ct{CtKey::kLabels, {0}}, nft::Mask{{0}, {0}, label},
          nft::Cmp{nft::CmpOp::kNotEqual, {0}, Datum().labels({})}};
}

class Frame {
 public:
  explicit Frame(const PolicyTableOptions& options) : options_(options) {}

  nft::Ruleset build(const policy::Policies& policies, const PodNetworks& networks) {
    out_.table = nft::TableSpec{std::string(names::kPolicyTable), "NetworkPolicies, by hitless"};
    addSets();
    addNetworks(networks);
    somePolicy_ = !policies.all().empty();
    addDirection(Direction::kEgress, names::kPolicyEgress, names::kUntrackedEgress,
                 kPriorityEgress);
    addDirection(Direction::kIngress, names::kPolicyIngress, names::kUntrackedIngress,
                 kPriorityIngress);
    if (options_.judgeOwnNode) {
      addOwnNode();
    }
    addDeny();
    chain(names::kUnknownPod).push_back({{act(VerdictKind::kDrop)}, {}});
    for (const auto& [key, policy] : policies.all()) {
      addPolicy(out_, policy);
    }
    for (const auto& [key, policy] : policies.all()) {
      addImplied(policies, policy);
    }
    return std::move(out_);
  }

 private:
  using Rules = std::vector<nft::Rule>;

  Rules& chain(std::string_view name, std::optional<nft::Hook> hook = {}) {
    return out_.addChain({std::string(name), hook, {}}).rules;
  }

  nft::Set& set(std::string_view stem, IpFamily family, SetSpec spec, std::string comment) {
    spec.name = names::suffixed(stem, family);
    spec.comment = std::move(comment);
    spec.key.insert(spec.key.begin(), addressType(family));
    return out_.addSet(std::move(spec));
  }

  void addSets() {
    for (const IpFamily family : kPolicyFamilies) {
      SetSpec verdicts;
      verdicts.kind = SetSpec::Kind::kVerdictMap;
      set(names::kIsolatedEgress, family, verdicts, "pods of this node with egress policies");
      set(names::kIsolatedIngress, family, verdicts, "pods of this node with ingress policies");
      set(names::kAllPods, family, {}, "the addresses that pods are known to have");
      SetSpec pair;
      pair.key = {addressType(family)};
      set(names::kItself, family, pair, "isolated pods of this node reach themselves");
    }
  }

  void addNetworks(const PodNetworks& networks) {
    std::vector<Cidr> all = networks.all;
    all.insert(all.end(), options_.podNetworks.begin(), options_.podNetworks.end());
    for (const IpFamily family : kPolicyFamilies) {
      addRanges(names::kPodNetworks, family, all, "where pods are");
      addRanges(names::kOwnPodNetworks, family, networks.own, "where pods of this node are");
    }
  }

  void addRanges(std::string_view name, IpFamily family, const std::vector<Cidr>& networks,
                 std::string comment) {
    std::vector<policy::IpBlock> blocks;
    for (const Cidr& network : networks) {
      blocks.push_back({network, {}});
    }
    SetSpec spec;
    spec.interval = true;
    nft::Set& ranges = set(name, family, spec, std::move(comment));
    for (const policy::AddressRange& range : policy::addressesOf(blocks, family)) {
      ranges.elements[Datum().address(range.first)].last = Datum().address(range.last);
    }
  }

  /// What goes to an address before its pod comes would wait for it, in the queue of its neighbour
  /// entry or as a connection that passes.
  static void addNobody(Rules& rules) {
    for (const IpFamily family : kPolicyFamilies) {
      const nft::Ct end = replySource(family);
      rules.push_back({{end, in(names::suffixed(names::kOwnPodNetworks, family)), end,
                        notIn(names::suffixed(names::kAllPods, family)), act(VerdictKind::kDrop)},
                       "nobody is there yet"});
    }
  }

  /// Errors about a connection never change what is noted on it.
  static void addRelated(Rules& rules, Direction direction) {
    for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_ICMP}, std::uint8_t{IPPROTO_ICMPV6}}) {
      rules.push_back({hasBit(CtKey::kState, kRelated) + isProtocol(protocol) +
                           Exprs{act(VerdictKind::kAccept)},
                       {}});
    }
    rules.push_back({hasBit(CtKey::kState, kRelated) + accept(direction), {}});
  }

  static void addItself(Rules& rules, Direction direction) {
    for (const IpFamily family : kPolicyFamilies) {
      rules.push_back({Exprs{originalSource(family), replySource(family, addressWords(family)),
                             in(names::suffixed(names::kItself, family))} +
                           accept(direction),
                       {}});
    }
  }

  /// From the address in word 0 to what isolates it, if anything does.
  static nft::Expr isolate(Direction direction, IpFamily family) {
    return verdictOf(names::suffixed(dispatchMap(direction), family));
  }

  static void addDispatch(Rules& rules, Direction direction) {
    for (const IpFamily family : kPolicyFamilies) {
      rules.push_back({{subject(direction, family), isolate(direction, family)}, {}});
    }
  }

  void addDirection(Direction direction, std::string_view name, std::string_view untracked,
                    std::int32_t priority) {
    Rules& rules = chain(name, nft::Hook{nft::HookType::kFilter, HookPoint::kForward, priority});
    rules.push_back({isJudged() + Exprs{act(VerdictKind::kAccept)}, {}});
    addRelated(rules, direction);
    addItself(rules, direction);
    if (direction == Direction::kIngress && somePolicy_) {
      addNobody(rules);
    }
    addDispatch(rules, direction);
    rules.push_back(
        {hasBit(CtKey::kState, kInvalid | kUntracked) + Exprs{act(VerdictKind::kJump, untracked)},
         {}});
    if (direction == Direction::kIngress) {
      rules.push_back({markJudged(), {}});
    }
    addUntracked(direction, untracked);
  }

  /// By the packet's own addresses: whoever is isolated gets and sends nothing in this way.
  void addUntracked(Direction direction, std::string_view name) {
    Rules& rules = chain(name);
    rules.push_back({hasBit(CtKey::kState, kUntracked) + isProtocol(IPPROTO_ICMPV6) +
                         neighbourDiscovery() + Exprs{act(VerdictKind::kAccept)},
                     "neighbour and listener discovery"});
    for (const IpFamily family : kPolicyFamilies) {
      const nft::Payload address = direction == Direction::kIngress
                                       ? destinationAddress(family, {0})
                                       : sourceAddress(family, {0});
      rules.push_back({isFamily(family) + Exprs{address, isolate(direction, family)}, {}});
    }
  }

  /// Of ICMPv6's types 128 to 143 these are what connection tracking passes over
  /// (nf_conntrack_proto_icmpv6.c, noct_valid_new).
  static Exprs neighbourDiscovery() {
    constexpr std::uint8_t mask = 0xf0;
    constexpr std::uint8_t informational = 0x80;
    return {nft::Payload{nft::PayloadBase::kTransport, 0, 1, {0}},
            nft::Mask{{0}, {0}, Datum({&mask, 1})},
            nft::Cmp{nft::CmpOp::kEqual, {0}, Datum({&informational, 1})}};
  }

  void addOwnNode() {
    Rules& rules = chain(names::kPolicyOwnNode,
                         nft::Hook{nft::HookType::kFilter, HookPoint::kInput, kPriorityEgress});
    rules.push_back({isJudged() + Exprs{act(VerdictKind::kAccept)}, {}});
    addRelated(rules, Direction::kEgress);
    addDispatch(rules, Direction::kEgress);
    rules.push_back({markJudged(), {}});
  }

  void addDeny() {
    Rules& rules = chain(names::kDeny);
    // A segment that lies outside of its connection must not end that.
    rules.push_back(
        {hasBit(CtKey::kState, kInvalid | kUntracked) + Exprs{act(VerdictKind::kDrop)}, {}});
    for (const IpFamily family : kPolicyFamilies) {
      for (const nft::Ct& end : {originalSource(family), replySource(family)}) {
        rules.push_back({{end, in(names::suffixed(names::kPodNetworks, family)), end,
                          notIn(names::suffixed(names::kAllPods, family)), act(VerdictKind::kDrop)},
                         "a pod that is not known yet: it asks again"});
      }
    }
    if (options_.reject) {
      rules.push_back(
          {isProtocol(IPPROTO_TCP) + Exprs{nft::Reject{nft::Reject::With::kTcpReset}}, {}});
      rules.push_back({{nft::Reject{nft::Reject::With::kAdminProhibited}}, {}});
    } else {
      rules.push_back({{act(VerdictKind::kDrop)}, {}});
    }
  }

  void addImplied(const policy::Policies& policies, const policy::Policy& policy) {
    for (const Direction direction : kPolicyDirections) {
      const auto implied = policies.impliedBy(policy, direction);
      for (const IpFamily family : kPolicyFamilies) {
        if (!implied.empty()) {
          nft::Chain made = isolationChain(direction, family, implied);
          out_.chains.try_emplace(made.spec.name, made);
        }
      }
    }
  }

  const PolicyTableOptions& options_;
  bool somePolicy_ = false;
  nft::Ruleset out_;
};

}  // namespace

nft::Ruleset policyFrame(const policy::Policies& policies, const PodNetworks& networks,
                         const PolicyTableOptions& options) {
  return Frame(options).build(policies, networks);
}

std::vector<nft::Chain> isolationsOf(const IpAddress& address, const policy::Holder& holder) {
  std::vector<nft::Chain> out;
  if (!holder.isolated() || holder.cls == nullptr) {
    return out;
  }
  for (const Direction direction : kPolicyDirections) {
    if (const auto& policies = holder.cls->isolatedBy(direction); !policies.empty()) {
      out.push_back(isolationChain(direction, address.family(), policies));
    }
  }
  return out;
}

void addHolder(nft::Ruleset& out, const IpAddress& address, const policy::Holder& holder) {
  const IpFamily family = address.family();
  const auto elements = [&](const std::string& set) -> nft::Elements& {
    return out.sets[set].elements;
  };
  const Datum key = Datum().address(address);
  elements(names::suffixed(names::kAllPods, family))[key] = {{}, commentOf(holder), {}};
  if (holder.isolated()) {
    elements(names::suffixed(names::kItself, family))[Datum().address(address).address(address)];
    for (const Direction direction : kPolicyDirections) {
      std::string chain(names::kUnknownPod);
      if (holder.cls != nullptr) {
        const auto& policies = holder.cls->isolatedBy(direction);
        chain = policies.empty() ? std::string() : isolationChainName(direction, family, policies);
      }
      if (!chain.empty()) {
        elements(names::suffixed(dispatchMap(direction), family))[key] = {
            nft::Verdict{VerdictKind::kGoto, std::move(chain)}, commentOf(holder), {}};
      }
    }
  }
  for (std::size_t i = 0; holder.cls != nullptr && i < holder.cls->peers.size(); ++i) {
    elements(peerSetName(holder.cls->peers[i], family))[key];
  }
  for (const policy::NamedPort& port : holder.ports) {
    elements(portSetName(port.name, family))[Datum()
                                                 .address(address)
                                                 .protocol(static_cast<std::uint8_t>(port.protocol))
                                                 .port(port.port)];
  }
}

}  // namespace hitless::rules
