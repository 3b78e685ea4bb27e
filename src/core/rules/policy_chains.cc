#include "core/rules/policy_chains.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "core/conntrack/labels.h"
#include "core/policy/ranges.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Cmp;
using nft::CmpOp;
using nft::Ct;
using nft::CtKey;
using nft::Datum;
using nft::FieldType;
using nft::SetSpec;
using policy::Direction;

/// The kernel's NFT_NAME_MAXLEN and nft's comments.
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxComment = 120;

std::string shortened(std::string text) {
  if (text.size() > kMaxComment) {
    text.resize(kMaxComment);
    text += " ...";
  }
  return text;
}

std::string policyChainName(Direction direction, IpFamily family, const policy::PolicyKey& key) {
  const std::string stem = names::suffixed(policy::name(direction), family);
  return fmt::format("{}-{}", stem, key.size() > kMaxName ? policy::digest(key) : key);
}

/// A port as it stands in a packet.
Datum portBytes(std::uint16_t port) {
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(port >> 8),
                                          static_cast<std::uint8_t>(port)};
  return Datum(bytes);
}

template <class Range, class KeyOf>
void addRanges(nft::Ruleset& out, SetSpec spec, const std::vector<Range>& ranges, KeyOf keyOf) {
  if (out.sets.contains(spec.name)) {
    return;
  }
  spec.interval = true;
  nft::Set& set = out.addSet(std::move(spec));
  for (const Range& range : ranges) {
    set.elements[keyOf(range.first)].last = keyOf(range.last);
  }
}

/// One direction of a policy in one family.
class PolicyChain {
 public:
  PolicyChain(nft::Ruleset& out, Direction direction, IpFamily family)
      : out_(out), direction_(direction), family_(family) {}

  std::vector<nft::Rule> rules(const policy::Rules& rules) {
    std::vector<nft::Rule> made;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto ports = portMatches(rules[i]);
      for (const Exprs& peer : peerMatches(rules[i])) {
        for (const Exprs& port : ports) {
          made.push_back({peer + port + accept(direction_), fmt::format("rule {}", i + 1)});
        }
      }
    }
    return made;
  }

 private:
  /// The other end's address.
  Ct peer() const {
    return direction_ == Direction::kIngress ? originalSource(family_) : replySource(family_);
  }

  /// Each of them stands for some of the peers, none of all of them at once.
  std::vector<Exprs> peerMatches(const policy::Rule& rule) {
    if (!rule.peers) {
      return {{}};
    }
    std::vector<Exprs> out;
    std::vector<policy::IpBlock> blocks;
    std::map<std::string, policy::PodSelector> selectors;
    for (const policy::Peer& entry : *rule.peers) {
      if (const auto* selector = std::get_if<policy::PodSelector>(&entry)) {
        selectors.try_emplace(policy::idOf(*selector), *selector);
      } else {
        blocks.push_back(std::get<policy::IpBlock>(entry));
      }
    }
    for (const auto& [id, selector] : selectors) {
      out.push_back({peer(), in(peerSet(id, selector))});
    }
    const policy::AddressRanges ranges = policy::addressesOf(blocks, family_);
    if (policy::isEverything(ranges)) {
      return {{}};
    }
    if (!ranges.empty()) {
      out.push_back({peer(), in(blockSet(ranges))});
    }
    return out;
  }

  std::vector<Exprs> portMatches(const policy::Rule& rule) {
    if (!rule.ports) {
      return {{}};
    }
    std::map<policy::Protocol, std::vector<policy::PortRange>> numbers;
    std::set<std::pair<policy::Protocol, std::string>> named;
    std::set<policy::Protocol> whole;
    for (const policy::PortMatch& match : *rule.ports) {
      if (const auto* range = std::get_if<policy::PortRange>(&match.port)) {
        numbers[match.protocol].push_back(*range);
      } else if (const auto* name = std::get_if<policy::PortName>(&match.port)) {
        named.emplace(match.protocol, name->name);
      } else {
        whole.insert(match.protocol);
      }
    }
    std::vector<Exprs> out;
    for (const policy::Protocol protocol : whole) {
      out.push_back(isProtocol(static_cast<std::uint8_t>(protocol)));
    }
    for (auto& [protocol, ranges] : numbers) {
      if (!whole.contains(protocol)) {
        out.push_back(isProtocol(static_cast<std::uint8_t>(protocol)) +
                      oneOf(policy::merged(std::move(ranges))));
      }
    }
    for (const auto& [protocol, name] : named) {
      if (!whole.contains(protocol)) {
        out.push_back(isProtocol(static_cast<std::uint8_t>(protocol)) + namedPort(name));
      }
    }
    return out;
  }

  Exprs oneOf(const std::vector<policy::PortRange>& ranges) {
    const Ct port{CtKey::kReplySourcePort, {0}};
    if (ranges.size() == 1 && ranges.front().first == ranges.front().last) {
      return {port, Cmp{CmpOp::kEqual, {0}, portBytes(ranges.front().first)}};
    }
    std::vector<std::string> texts;
    for (const policy::PortRange& range : ranges) {
      texts.push_back(fmt::format("{}-{}", range.first, range.last));
    }
    SetSpec spec;
    spec.name = "ports-" + policy::digest(join(texts, ","));
    spec.key = {FieldType::kInetService};
    const std::string name = spec.name;
    addRanges(out_, std::move(spec), ranges,
              [](std::uint16_t number) { return Datum().port(number); });
    return {port, in(name)};
  }

  Exprs namedPort(const std::string& name) {
    SetSpec spec;
    spec.name = portSetName(name, family_);
    spec.key = {addressType(family_), FieldType::kInetProto, FieldType::kInetService};
    spec.comment = "pods that name a port so";
    const std::uint8_t words = addressWords(family_);
    const nft::Register second{words};
    const nft::Register third{static_cast<std::uint8_t>(words + 1)};
    Exprs out = {replySource(family_), nft::Meta{nft::MetaKey::kL4Proto, second},
                 Ct{CtKey::kReplySourcePort, third}, in(spec.name)};
    if (!out_.sets.contains(spec.name)) {
      out_.addSet(std::move(spec));
    }
    return out;
  }

  std::string peerSet(const std::string& id, const policy::PodSelector& selector) {
    SetSpec spec;
    spec.name = peerSetName(id, family_);
    spec.key = {addressType(family_)};
    spec.comment = shortened(policy::textOf(selector));
    std::string name = spec.name;
    if (!out_.sets.contains(name)) {
      out_.addSet(std::move(spec));
    }
    return name;
  }

  std::string blockSet(const policy::AddressRanges& ranges) {
    std::vector<std::string> texts;
    for (const policy::AddressRange& range : ranges) {
      texts.push_back(fmt::format("{}-{}", range.first.text(), range.last.text()));
    }
    SetSpec spec;
    spec.name = names::suffixed("blocks-" + policy::digest(join(texts, ",")), family_);
    spec.key = {addressType(family_)};
    std::string name = spec.name;
    addRanges(out_, std::move(spec), ranges,
              [](const IpAddress& address) { return Datum().address(address); });
    return name;
  }

  nft::Ruleset& out_;
  Direction direction_;
  IpFamily family_;
};

}  // namespace

nft::FieldType addressType(IpFamily family) {
  return family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
}

Ct originalSource(IpFamily family, std::uint8_t word) {
  return {family == IpFamily::kV4 ? CtKey::kOriginalSourceV4 : CtKey::kOriginalSourceV6, {word}};
}

Ct replySource(IpFamily family, std::uint8_t word) {
  return {family == IpFamily::kV4 ? CtKey::kReplySourceV4 : CtKey::kReplySourceV6, {word}};
}

Exprs markJudged() {
  return {nft::Constant{{0}, Datum().labels({conntrack::kJudgedLabel})}, nft::AddLabels{{0}}};
}

Exprs accept(Direction direction) {
  const Exprs mark = direction == Direction::kIngress ? markJudged() : Exprs{};
  return mark + Exprs{act(nft::VerdictKind::kAccept)};
}

std::string peerSetName(const std::string& selectorId, IpFamily family) {
  return names::suffixed("pods-" + selectorId, family);
}

std::string portSetName(const std::string& portName, IpFamily family) {
  return names::suffixed("port-" + portName, family);
}

std::string isolationChainName(Direction direction, IpFamily family,
                               const std::vector<policy::PolicyKey>& policies) {
  return fmt::format("isolated-{}-{}", names::suffixed(policy::name(direction), family),
                     policy::digest(join(policies, " ")));
}

nft::Chain isolationChain(Direction direction, IpFamily family,
                          const std::vector<policy::PolicyKey>& policies) {
  nft::Chain out;
  out.spec.name = isolationChainName(direction, family, policies);
  out.spec.comment = shortened(join(policies, " "));
  for (const policy::PolicyKey& key : policies) {
    out.rules.push_back(
        {{act(nft::VerdictKind::kJump, policyChainName(direction, family, key))}, {}});
  }
  out.rules.push_back({{act(nft::VerdictKind::kGoto, names::kDeny)}, {}});
  return out;
}

void addPolicy(nft::Ruleset& out, const policy::Policy& policy) {
  for (const Direction direction : kPolicyDirections) {
    if (!policy.rules(direction)) {
      continue;
    }
    for (const IpFamily family : kPolicyFamilies) {
      auto rules = PolicyChain(out, direction, family).rules(*policy.rules(direction));
      out.addChain({policyChainName(direction, family, policy.text()), {}, {}}).rules =
          std::move(rules);
    }
  }
}

}  // namespace hitless::rules
