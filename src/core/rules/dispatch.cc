#include "core/rules/dispatch.h"

#include "core/rules/match.h"
#include "core/rules/names.h"
#include "core/rules/slots.h"

namespace hitless::rules {
namespace {

using nft::FieldType;
using nft::Lookup;
using nft::Register;
using nft::Rule;
using nft::SetSpec;
using nft::VerdictKind;

/// How often a pick chain draws: with half the slots empty, all of them miss once in 64 packets.
/// Then it draws below the next smaller power of two, where every slot is filled; so the endpoints'
/// shares differ by less than 2 %.
constexpr int kDraws = 6;

/// Which service ports a set of chains is for.
struct Scope {
  PortKind kind;
  View view;
  IpFamily family;

  std::uint32_t slot(std::uint32_t number) const {
    return static_cast<std::uint32_t>(view) + number;
  }
  /// Chain: goes to the endpoint in a random slot below `size`.
  std::string pick(std::uint32_t size) const {
    return fmt::format("pick-{}-{}", dispatchChain(kind, view, family), size);
  }
};

/// Loads service port and a number behind it; a constant one if `modulus` is 1.
Exprs loadNumbered(const Scope& scope, std::uint32_t modulus, std::uint32_t offset) {
  ServicePortKey key = packetKey(scope.kind, scope.family);
  key.load.push_back(nft::RandomNumber{modulus, offset, Register{key.words}});
  return isFamily(scope.family) + key.load;
}

/// Draws a slot below `size` and goes to the endpoint in it. Without one the rule does not match.
Rule draw(const Scope& scope, std::uint32_t size) {
  Exprs exprs = loadNumbered(scope, size, scope.slot(0));
  exprs.push_back(Lookup{endpointsMap(scope.kind, scope.family), {0}, Lookup::Result::kValue, {0}});
  exprs.push_back(nft::Dnat{scope.family, {0}, nft::Register{addressWords(scope.family)}});
  return {std::move(exprs), {}};
}

/// The rules of the chain that draws below 2^power. The last resort is slot 0, which is filled as
/// long as there is any endpoint: also a packet that meets slots from both sides of a transaction
/// finds one.
std::vector<Rule> pickRules(const Scope& scope, std::uint32_t power) {
  const std::uint32_t size = 1U << power;
  std::vector<Rule> rules(power < 2 ? 1 : kDraws, draw(scope, size));
  if (power > 1) {
    rules.push_back(draw(scope, size / 2));
  }
  if (power > 0) {
    rules.push_back({{act(VerdictKind::kGoto, scope.pick(1))}, {}});
  }
  return rules;
}

/// Goes on only if the service port has no endpoint in `slot`.
Exprs slotIsEmpty(const Scope& scope, std::uint32_t slot) {
  Exprs exprs = loadNumbered(scope, 1, scope.slot(slot));
  exprs.push_back(
      Lookup{endpointsMap(scope.kind, scope.family), {0}, Lookup::Result::kNoMatch, {}});
  return exprs;
}

/// What does not belong to a service leaves at once, or goes on as a packet to a node port.
Rule leave(const Scope& scope) {
  Exprs exprs = slotIsEmpty(scope, 0);
  if (scope.kind == PortKind::kAddress) {
    exprs.push_back(
        act(VerdictKind::kGoto, dispatchChain(PortKind::kNodePort, scope.view, scope.family)));
  } else {
    exprs.push_back(act(VerdictKind::kReturn));
  }
  return {std::move(exprs), "not for a service, or no endpoint"};
}

/// Finds the power of two from the slots themselves: slots have no gaps, so slot 2^n is empty
/// exactly if there are at most 2^n endpoints. Common sizes come first.
void addChains(nft::Ruleset& ruleset, const Scope& scope) {
  nft::Chain dispatch{{dispatchChain(scope.kind, scope.view, scope.family), std::nullopt, {}}, {}};
  if (scope.kind == PortKind::kNodePort) {
    dispatch.rules.push_back(
        {isFamily(scope.family) +
             Exprs{destinationAddress(scope.family, {0}),
                   notIn(names::suffixed(names::kNodePortAddresses, scope.family)),
                   act(VerdictKind::kReturn)},
         {}});
  }
  dispatch.rules.push_back(leave(scope));
  dispatch.rules.push_back({loadNumbered(scope, 1, scope.slot(0)) +
                                Exprs{verdictOf(affinityMap(scope.kind, scope.family))},
                            "clients that stay with their endpoint"});
  for (std::uint32_t power = 0; power < kSlotSizes; ++power) {
    const std::uint32_t size = 1U << power;
    ruleset.addChain({scope.pick(size), std::nullopt, {}}).rules = pickRules(scope, power);
    Exprs found = power + 1 < kSlotSizes ? slotIsEmpty(scope, size) : Exprs{};
    found.push_back(act(VerdictKind::kGoto, scope.pick(size)));
    dispatch.rules.push_back(
        {std::move(found), size == 1 ? "one endpoint" : fmt::format("at most {}", size)});
  }
  ruleset.chains[dispatch.spec.name] = std::move(dispatch);
}

std::string named(PortKind kind, IpFamily family, std::string_view byAddress,
                  std::string_view byNodePort) {
  return names::suffixed(kind == PortKind::kAddress ? byAddress : byNodePort, family);
}

}  // namespace

std::string dispatchChain(PortKind kind, View view, IpFamily family) {
  return names::suffixed(fmt::format("{}{}", kind == PortKind::kAddress ? "services" : "node-ports",
                                     view == View::kOwn ? "" : "-from-node"),
                         family);
}

std::string endpointsMap(PortKind kind, IpFamily family) {
  return named(kind, family, names::kServiceEndpoints, names::kNodePortEndpoints);
}

std::string affinityMap(PortKind kind, IpFamily family) {
  return named(kind, family, names::kAffinity, names::kNodePortAffinity);
}

std::string rememberMap(PortKind kind, IpFamily family) {
  return named(kind, family, names::kRemembered, names::kNodePortRemembered);
}

void addDispatch(nft::Ruleset& ruleset, IpFamily family) {
  const FieldType ip = family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
  for (const PortKind kind : {PortKind::kAddress, PortKind::kNodePort}) {
    std::vector<FieldType> numbered{FieldType::kInetProto, FieldType::kInetService,
                                    FieldType::kMark};
    if (kind == PortKind::kAddress) {
      numbered.insert(numbered.begin(), ip);
    }
    ruleset.addSet({endpointsMap(kind, family),
                    SetSpec::Kind::kMap,
                    numbered,
                    {ip, FieldType::kInetService},
                    "service port and slot to endpoint"});
    ruleset.addSet({affinityMap(kind, family),
                    SetSpec::Kind::kVerdictMap,
                    numbered,
                    {},
                    "services with sessionAffinity ClientIP"});
    ruleset.addSet({rememberMap(kind, family),
                    SetSpec::Kind::kVerdictMap,
                    numbered,
                    {},
                    "services with sessionAffinity ClientIP"});
    for (const View view : {View::kOwn, View::kFromNode}) {
      addChains(ruleset, {kind, view, family});
    }
  }
}

}  // namespace hitless::rules
