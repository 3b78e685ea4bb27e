#include "core/rules/second_chance_rules.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cstddef>

#include "core/conntrack/labels.h"
#include "core/rules/laid_out.h"
#include "core/rules/names.h"
#include "core/rules/slot_keys.h"

namespace hitless::rules::second_chance {
namespace {

using conntrack::kForwardedLabel;
using conntrack::kLedElsewhereLabel;
using conntrack::kSecondChanceLabel;
using nft::CmpOp;
using nft::CtKey;
using nft::Datum;
using nft::FieldType;
using nft::Register;

constexpr std::array<IpFamily, 2> kFamilies = {IpFamily::kV4, IpFamily::kV6};

constexpr std::uint32_t kUrgentPointer = offsetof(tcphdr, urg_ptr);
constexpr std::uint32_t kChecksum = offsetof(tcphdr, check);
/// Where no address, port or flag is.
constexpr Register kLabelWords{8};

Datum sign(std::uint16_t value) {
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(value >> 8),
                                          static_cast<std::uint8_t>(value)};
  return Datum(bytes);
}

Exprs carriesSign(std::uint16_t value) {
  return {nft::Payload{nft::PayloadBase::kTransport, kUrgentPointer, 2, {0}},
          nft::Cmp{CmpOp::kEqual, {0}, sign(value)}};
}

Exprs setSign(std::uint16_t value) {
  return {nft::Constant{{0}, sign(value)}, nft::WriteTransport{kUrgentPointer, 2, kChecksum, {0}}};
}

Exprs labels(std::initializer_list<unsigned> numbers, bool any) {
  return {nft::Ct{CtKey::kLabels, {0}}, nft::Mask{{0}, {0}, Datum().labels(numbers)},
          nft::Cmp{any ? CmpOp::kNotEqual : CmpOp::kEqual, {0}, Datum().labels({})}};
}

Exprs addLabel(unsigned number) {
  return {nft::Constant{kLabelWords, Datum().labels({number})}, nft::AddLabels{kLabelWords}};
}

/// With URG the urgent pointer is somebody else's.
constexpr std::uint8_t kFlags = TH_SYN | TH_ACK | TH_RST | TH_URG;

Exprs isSyn() {
  return isProtocol(IPPROTO_TCP) + tcpFlags(kFlags, TH_SYN);
}

Exprs isSynAck() {
  return isProtocol(IPPROTO_TCP) + tcpFlags(kFlags, TH_SYN | TH_ACK);
}

nft::Expr done() {
  return act(nft::VerdictKind::kReturn);
}

std::string mapName(IpFamily family) {
  return names::suffixed(names::kSecondChance, family);
}

Exprs source(IpFamily family, bool own) {
  const std::string pods = names::suffixed(names::kOwnPods, family);
  return isFamily(family) + Exprs{sourceAddress(family, {0}), own ? in(pods) : notIn(pods)};
}

Exprs destination(IpFamily family, bool own) {
  const std::string pods = names::suffixed(names::kOwnPods, family);
  return isFamily(family) + Exprs{destinationAddress(family, {0}), own ? in(pods) : notIn(pods)};
}

}  // namespace

void addMaps(nft::Ruleset& out, const departed::Directions& directions,
             const DepartedTableOptions& options) {
  for (const IpFamily family : kFamilies) {
    const FieldType address = family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
    nft::Set& map =
        out.addSet({mapName(family),
                    nft::SetSpec::Kind::kMap,
                    {address, FieldType::kInetProto, FieldType::kInetService},
                    {address, FieldType::kInetService},
                    "another endpoint takes what other nodes still send",
                    false,
                    static_cast<std::uint64_t>(options.secondChanceTerm / milliseconds(1))});
    for (const auto& [from, to] : directions.secondChances) {
      if (from.ip.family() == family) {
        nft::ElementValue& value =
            map.elements[addressKey(from.ip, service::Protocol::kTcp, from.port)];
        const auto name = directions.names.find(from.ip);
        value.comment = name == directions.names.end() ? std::string() : name->second;
        value.target = Datum().address(to.ip).port(to.port);
      }
    }
  }
}

void readMaps(const nft::Ruleset& table, departed::Directions& directions) {
  const auto portAt = [](std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
  };
  for (const IpFamily family : kFamilies) {
    const std::size_t size = addressWords(family) * 4U;
    const auto map = table.sets.find(mapName(family));
    if (map == table.sets.end()) {
      continue;
    }
    for (const auto& [key, value] : map->second.elements) {
      const auto* to = std::get_if<Datum>(&value.target);
      if (to == nullptr || key.size() != size + 8 || to->size() != size + 4) {
        continue;
      }
      const IpAddress ip = addressIn(key.bytes().first(size));
      directions.secondChances[{ip, portAt(key.bytes().subspan(size + 4))}] = {
          addressIn(to->bytes().first(size)), portAt(to->bytes().subspan(size))};
      if (!value.comment.empty()) {
        directions.names[ip] = value.comment;
      }
    }
  }
}

void renew(nft::Transaction& transaction, const nft::Ruleset& present, const nft::Ruleset& wanted) {
  for (const IpFamily family : kFamilies) {
    const auto before = present.sets.find(mapName(family));
    const auto after = wanted.sets.find(mapName(family));
    if (before == present.sets.end() || after == wanted.sets.end()) {
      continue;
    }
    nft::ReplaceElements same{mapName(family), {}};
    for (const nft::Element& element : after->second.elements) {
      const auto old = before->second.elements.find(element.first);
      if (old != before->second.elements.end() && old->second == element.second) {
        same.elements.push_back(element);
      }
    }
    if (!same.elements.empty()) {
      transaction.operations.emplace_back(std::move(same));
    }
  }
}

std::vector<nft::Rule> redirections(const DepartedTableOptions& options) {
  std::vector<nft::Rule> rules;
  for (const IpFamily family : kFamilies) {
    rules.push_back(
        {isSyn() + carriesSign(options.translatedSign) + source(family, false) +
             packetKey(PortKind::kAddress, family).load +
             Exprs{nft::Lookup{mapName(family), {0}, nft::Lookup::Result::kValue, {0}}} +
             addLabel(kSecondChanceLabel) +
             Exprs{nft::Dnat{family, {0}, Register{addressWords(family)}}},
         "a second chance: another node has translated it to a pod that goes"});
  }
  return rules;
}

std::vector<nft::Rule> returnPaths() {
  std::vector<nft::Rule> rules;
  const Exprs redirected = labels({kSecondChanceLabel}, true);
  for (const IpFamily family : kFamilies) {
    rules.push_back({redirected + destination(family, false) + Exprs{nft::Masquerade{}},
                     "answers come back through this node"});
  }
  rules.push_back({redirected + Exprs{done()}, "they do from pods of this node"});
  return rules;
}

Exprs noteForwarded() {
  return addLabel(kForwardedLabel);
}

nft::Rule toSigns() {
  return {isProtocol(IPPROTO_TCP) + tcpFlags(TH_SYN, TH_SYN) +
              Exprs{act(nft::VerdictKind::kJump, names::kSynSigns)},
          ""};
}

nft::Rule readSign(const DepartedTableOptions& options) {
  return {
      isSynAck() + carriesSign(options.translatedSign) + addLabel(kLedElsewhereLabel) + setSign(0),
      "the pod's node has led it elsewhere"};
}

void addSigns(nft::Ruleset& out, const DepartedTableOptions& options) {
  auto& rules = out.addChain({std::string(names::kSynSigns), std::nullopt, {}}).rules;
  const Exprs translated = hasBit(CtKey::kStatus, IPS_DST_NAT);
  const Exprs signedSyn = isSyn() + carriesSign(options.translatedSign);
  const Exprs off = setSign(0) + Exprs{done()};
  for (const IpFamily family : kFamilies) {
    rules.push_back({isSynAck() + labels({kForwardedLabel, kSecondChanceLabel}, true) +
                         destination(family, false) + setSign(options.translatedSign) +
                         Exprs{done()},
                     "led elsewhere here: the client's node is to know"});
  }
  rules.push_back(readSign(options));
  rules.push_back({signedSyn + translated + off, "had its second chance"});
  for (const IpFamily family : kFamilies) {
    rules.push_back({signedSyn + source(family, true) + off, "not a node's sign"});
    rules.push_back({signedSyn + destination(family, true) + off, "has arrived"});
  }
  for (const IpFamily family : kFamilies) {
    rules.push_back({isSyn() + translated + labels({kForwardedLabel, kSecondChanceLabel}, false) +
                         destination(family, false) + setSign(options.translatedSign),
                     "translated here: the pod's node is to know"});
  }
}

Exprs notLedElsewhere() {
  return labels({kLedElsewhereLabel}, false);
}

}  // namespace hitless::rules::second_chance
