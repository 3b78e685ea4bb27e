#include "core/rules/skeleton.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <array>
#include <cstddef>

#include "core/rules/names.h"
#include "core/rules/slots.h"

namespace hitless::rules {
namespace {

using nft::Act;
using nft::Cmp;
using nft::CmpOp;
using nft::Ct;
using nft::CtKey;
using nft::Datum;
using nft::Expr;
using nft::FieldType;
using nft::Lookup;
using nft::Mask;
using nft::Meta;
using nft::MetaKey;
using nft::Payload;
using nft::PayloadBase;
using nft::Register;
using nft::Rule;
using nft::SetSpec;
using nft::VerdictKind;

/// nft's names for hook priorities: dstnat, filter, srcnat.
constexpr std::int32_t kPriorityDstnat = -100;
constexpr std::int32_t kPriorityFilter = 0;
constexpr std::int32_t kPrioritySrcnat = 100;

/// How often a pick chain draws: with half the slots empty, all of them miss once in 64 packets.
/// Then it draws below the next smaller power of two, where every slot is filled; so the endpoints'
/// shares differ by less than 2 %.
constexpr int kDraws = 6;

using Exprs = std::vector<Expr>;

Exprs operator+(Exprs left, const Exprs& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

FieldType addressField(IpFamily family) {
  return family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
}

/// The words that an address takes in the registers.
std::uint8_t addressWords(IpFamily family) {
  return family == IpFamily::kV4 ? 1 : 4;
}

Datum number(std::uint32_t value) {
  return Datum().number(value);
}

/// Only packets of the family go on.
Exprs isFamily(IpFamily family) {
  const std::uint8_t protocol = family == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  return {Meta{MetaKey::kNfproto, {0}}, Cmp{CmpOp::kEqual, {0}, Datum({&protocol, 1})}};
}

Payload address(IpFamily family, bool source, Register to) {
  const bool v4 = family == IpFamily::kV4;
  const std::size_t offset = v4 ? (source ? offsetof(iphdr, saddr) : offsetof(iphdr, daddr))
                                : (source ? offsetof(ipv6hdr, saddr) : offsetof(ipv6hdr, daddr));
  return {PayloadBase::kNetwork, static_cast<std::uint32_t>(offset), v4 ? 4U : 16U, to};
}

/// Loads destination address, protocol and destination port from word 0 on; the next free word is
/// addressWords() + 2.
Exprs loadServiceKey(IpFamily family) {
  const std::uint8_t next = addressWords(family);
  return {address(family, false, {0}), Meta{MetaKey::kL4Proto, {next}},
          Payload{PayloadBase::kTransport, 2, 2, {static_cast<std::uint8_t>(next + 1)}}};
}

Exprs hasBit(CtKey key, std::uint32_t bit) {
  return {Ct{key, {0}}, Mask{{0}, {0}, number(bit)}, Cmp{CmpOp::kNotEqual, {0}, number(0)}};
}

Expr matches(std::string set) {
  return Lookup{std::move(set), {0}, Lookup::Result::kMatch, {}};
}
Expr act(VerdictKind kind, std::string_view chain = {}) {
  return Act{{kind, std::string(chain)}};
}

void addSets(nft::Ruleset& ruleset, IpFamily family) {
  const FieldType ip = addressField(family);
  const std::vector<FieldType> service = {ip, FieldType::kInetProto, FieldType::kInetService};
  auto slot = service;
  slot.push_back(FieldType::kMark);
  ruleset.addSet({names::serviceEndpoints(family),
                  SetSpec::Kind::kMap,
                  slot,
                  {ip, FieldType::kInetService},
                  "service port and slot to endpoint"});
  ruleset.addSet(
      {names::clusterIps(family), SetSpec::Kind::kSet, {ip}, {}, "cluster IPs of all services"});
  ruleset.addSet({names::hairpin(family),
                  SetSpec::Kind::kSet,
                  {ip, ip},
                  {},
                  "endpoints on this node, for those that reach themselves"});
  ruleset.addSet({names::noLocalEndpoint(family),
                  SetSpec::Kind::kSet,
                  service,
                  {},
                  "internalTrafficPolicy Local and no endpoint on this node"});
}

/// Draws a slot below `size` and goes to the endpoint in it. Without one the rule does not match.
Rule draw(IpFamily family, std::uint32_t size) {
  const std::uint8_t words = addressWords(family);
  Exprs exprs = isFamily(family) + loadServiceKey(family);
  exprs.push_back(nft::RandomNumber{size, 0, {static_cast<std::uint8_t>(words + 2)}});
  exprs.push_back(Lookup{names::serviceEndpoints(family), {0}, Lookup::Result::kValue, {0}});
  exprs.push_back(nft::Dnat{family, {0}, {words}});
  return {std::move(exprs), {}};
}

/// The rules of the chain that draws below 2^power. The last resort is slot 0, which is filled as
/// long as there is any endpoint: also a packet that meets slots from both sides of a transaction
/// finds one.
std::vector<Rule> pickRules(IpFamily family, std::uint32_t power) {
  const std::uint32_t size = 1U << power;
  std::vector<Rule> rules(power < 2 ? 1 : kDraws, draw(family, size));
  if (power > 1) {
    rules.push_back(draw(family, size / 2));
  }
  if (power > 0) {
    rules.push_back({{act(VerdictKind::kGoto, names::pick(family, 1))}, {}});
  }
  return rules;
}

/// Goes on only if the service port has no endpoint in `slot`.
Exprs slotIsEmpty(IpFamily family, std::uint32_t slot) {
  Exprs exprs = isFamily(family) + loadServiceKey(family);
  const auto word = static_cast<std::uint8_t>(addressWords(family) + 2);
  exprs.push_back(nft::RandomNumber{1, slot, {word}});
  exprs.push_back(Lookup{names::serviceEndpoints(family), {0}, Lookup::Result::kNoMatch, {}});
  return exprs;
}

/// Finds the power of two from the slots themselves: slots have no gaps, so slot 2^n is empty
/// exactly if there are at most 2^n endpoints. Common sizes come first, and what is for no service
/// leaves at once.
void addPickChains(nft::Ruleset& ruleset, IpFamily family) {
  nft::Chain services{{names::services(family), std::nullopt, "to an endpoint of the service"}, {}};
  Exprs none = slotIsEmpty(family, 0);
  none.push_back(act(VerdictKind::kReturn));
  services.rules.push_back({std::move(none), "not for a service, or no endpoint"});
  for (std::uint32_t power = 0; power < kSlotSizes; ++power) {
    const std::uint32_t size = 1U << power;
    const std::string chain = names::pick(family, size);
    ruleset.addChain({chain, std::nullopt, {}}).rules = pickRules(family, power);
    Exprs found = power + 1 < kSlotSizes ? slotIsEmpty(family, size) : Exprs{};
    found.push_back(act(VerdictKind::kGoto, chain));
    services.rules.push_back(
        {std::move(found), size == 1 ? "one endpoint" : fmt::format("at most {}", size)});
  }
  ruleset.chains[services.spec.name] = std::move(services);
}

Exprs isProtocol(std::uint8_t protocol) {
  return {Meta{MetaKey::kL4Proto, {0}}, Cmp{CmpOp::kEqual, {0}, Datum({&protocol, 1})}};
}

Exprs isClusterIp(IpFamily family) {
  Exprs exprs = isFamily(family);
  exprs.push_back(address(family, false, {0}));
  exprs.push_back(matches(names::clusterIps(family)));
  return exprs;
}

/// What still goes to a cluster IP behind DNAT has no endpoint or no such port. TCP gets a reset
/// and not an ICMP error: connect() fails at once, where an error that arrives while connect()
/// still holds the socket only counts after the next SYN, and ICMP errors are limited to about one
/// a second per client.
std::vector<Rule> unservedRules(IpFamily family) {
  Exprs local = isFamily(family) + loadServiceKey(family);
  local.push_back(matches(names::noLocalEndpoint(family)));
  local.push_back(act(VerdictKind::kDrop));
  Exprs reset = isProtocol(IPPROTO_TCP) + isClusterIp(family);
  reset.push_back(nft::Reject{nft::Reject::With::kTcpReset});
  Exprs unreachable = isClusterIp(family);
  unreachable.push_back(nft::Reject{});
  return {{std::move(local), "endpoints elsewhere: the client tries again"},
          {std::move(reset), "no endpoint, or no such port"},
          {std::move(unreachable), "no endpoint, or no such port"}};
}

/// Which first bytes of an address belong to a network, as nft itself writes it.
Exprs inNetwork(const Cidr& network) {
  const Cidr masked = network.masked();
  const std::size_t whole = masked.length / 8U;
  const auto bytes = masked.address.bytes();
  Payload load = address(masked.address.family(), true, {0});
  if (masked.length % 8 == 0 && whole > 0) {
    load.length = static_cast<std::uint32_t>(whole);
    return {load, Cmp{CmpOp::kEqual, {0}, Datum(bytes.first(whole))}};
  }
  std::vector<std::uint8_t> mask(bytes.size(), 0);
  for (unsigned bit = 0; bit < masked.length; ++bit) {
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80U >> bit % 8);
  }
  return {load, Mask{{0}, {0}, Datum(mask)}, Cmp{CmpOp::kEqual, {0}, Datum(bytes)}};
}

Rule masqueradeHairpin(IpFamily family) {
  Exprs exprs = hasBit(CtKey::kStatus, IPS_DST_NAT) + isFamily(family);
  exprs.push_back(address(family, true, {0}));
  exprs.push_back(address(family, false, {addressWords(family)}));
  exprs.push_back(matches(names::hairpin(family)));
  exprs.push_back(nft::Masquerade{});
  return {std::move(exprs), "an endpoint that reached itself through a service"};
}

Rule keepPodSource(const Cidr& network) {
  Exprs exprs = isFamily(network.address.family()) + inNetwork(network);
  exprs.push_back(act(VerdictKind::kReturn));
  return {std::move(exprs), "pods keep their address"};
}

Rule masqueradeClusterIp(IpFamily family) {
  const auto key =
      family == IpFamily::kV4 ? CtKey::kOriginalDestinationV4 : CtKey::kOriginalDestinationV6;
  return {{Ct{key, {0}}, matches(names::clusterIps(family)), nft::Masquerade{}},
          "cluster IP used from outside the pod network"};
}

void addPostrouting(nft::Ruleset& ruleset, const Options& options) {
  auto& rules =
      ruleset
          .addChain({std::string(names::kNatPostrouting),
                     nft::Hook{nft::HookType::kNat, nft::HookPoint::kPostrouting, kPrioritySrcnat},
                     {}})
          .rules;
  for (const IpFamily family : options.families) {
    rules.push_back(masqueradeHairpin(family));
  }
  for (const Cidr& network : options.pods.networks) {
    rules.push_back(keepPodSource(network));
  }
  for (const IpFamily family : options.families) {
    rules.push_back(masqueradeClusterIp(family));
  }
}

struct BaseChain {
  std::string_view name;
  nft::Hook hook;
};
constexpr std::array<BaseChain, 2> kNatChains = {
    {{names::kNatPrerouting, {nft::HookType::kNat, nft::HookPoint::kPrerouting, kPriorityDstnat}},
     {names::kNatOutput, {nft::HookType::kNat, nft::HookPoint::kOutput, kPriorityDstnat}}}};
constexpr std::array<BaseChain, 3> kFilterChains = {
    {{names::kFilterInput, {nft::HookType::kFilter, nft::HookPoint::kInput, kPriorityFilter}},
     {names::kFilterForward, {nft::HookType::kFilter, nft::HookPoint::kForward, kPriorityFilter}},
     {names::kFilterOutput, {nft::HookType::kFilter, nft::HookPoint::kOutput, kPriorityFilter}}}};

}  // namespace

nft::Ruleset skeleton(const Options& options) {
  nft::Ruleset ruleset;
  ruleset.table = nft::TableSpec{std::string(names::kTable), "Kubernetes services by hitless"};
  nft::Chain unserved{{std::string(names::kUnserved), std::nullopt, {}}, {}};
  for (const IpFamily family : options.families) {
    addSets(ruleset, family);
    addPickChains(ruleset, family);
    for (Rule& rule : unservedRules(family)) {
      unserved.rules.push_back(std::move(rule));
    }
  }
  ruleset.chains[unserved.spec.name] = std::move(unserved);
  for (const BaseChain& base : kNatChains) {
    auto& rules = ruleset.addChain({std::string(base.name), base.hook, {}}).rules;
    for (const IpFamily family : options.families) {
      Exprs exprs = isFamily(family);
      exprs.push_back(act(VerdictKind::kJump, names::services(family)));
      rules.push_back({std::move(exprs), {}});
    }
  }
  for (const BaseChain& base : kFilterChains) {
    Exprs exprs = hasBit(CtKey::kState, NF_CT_STATE_BIT(IP_CT_NEW));
    exprs.push_back(act(VerdictKind::kJump, names::kUnserved));
    ruleset.addChain({std::string(base.name), base.hook, {}}).rules = {{std::move(exprs), {}}};
  }
  addPostrouting(ruleset, options);
  return ruleset;
}

}  // namespace hitless::rules
