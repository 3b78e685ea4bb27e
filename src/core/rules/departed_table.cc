#include "core/rules/departed_table.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <tuple>

#include "core/rules/laid_out.h"
#include "core/rules/match.h"
#include "core/rules/names.h"
#include "core/rules/second_chance_rules.h"

namespace hitless::rules {
namespace {

using nft::CtKey;
using nft::Datum;
using nft::FieldType;
using nft::HookPoint;
using nft::HookType;
using nft::SetSpec;

constexpr std::int32_t kPriorityRaw = -300;
/// Whoever translates before us has decided; nobody else knows these addresses.
constexpr std::int32_t kPriorityDstnat = -99;
constexpr std::int32_t kPrioritySrcnat = 99;
constexpr std::int32_t kPriorityFilter = 0;

/// Network, transport and options of a SYN, and some data of TCP Fast Open.
constexpr std::uint32_t kSynBytes = 2048;

constexpr std::array<IpFamily, 2> kFamilies = {IpFamily::kV4, IpFamily::kV6};

std::uint64_t inMilliseconds(nanoseconds time) {
  return static_cast<std::uint64_t>(time / milliseconds(1));
}

Exprs isOriginal() {
  constexpr std::uint8_t original = 0;  // IP_CT_DIR_ORIGINAL
  return {nft::Ct{CtKey::kDirection, {0}},
          nft::Cmp{nft::CmpOp::kEqual, {0}, Datum({&original, 1})}};
}

class Builder {
 public:
  Builder(const departed::Directions& directions, const DepartedTableOptions& options)
      : directions_(directions), options_(options) {}

  nft::Ruleset build() {
    out_.table =
        nft::TableSpec{std::string(names::kDepartedTable), "Addresses of pods that go, by hitless"};
    addSets();
    addParking();
    addForwarding();
    addRefusals();
    if (givesChances()) {
      addSigns();
    }
    return std::move(out_);
  }

 private:
  using Rules = std::vector<nft::Rule>;

  bool givesChances() const { return options_.times.secondChance; }

  Rules& chain(std::string_view name, HookType type, HookPoint point, std::int32_t priority) {
    return out_.addChain({std::string(name), nft::Hook{type, point, priority}, {}}).rules;
  }

  void addSet(std::string_view stem, nanoseconds timeout, std::string comment,
              const std::set<IpAddress>& addresses) {
    for (const IpFamily family : kFamilies) {
      nft::Set& set = out_.addSet({names::suffixed(stem, family),
                                   SetSpec::Kind::kSet,
                                   {typeOf(family)},
                                   {},
                                   comment,
                                   false,
                                   inMilliseconds(timeout)});
      for (const IpAddress& address : addresses) {
        if (address.family() == family) {
          set.elements[Datum().address(address)] = named(address);
        }
      }
    }
  }

  void addSets() {
    const departed::Options& times = options_.times;
    addSet(names::kParked, 2 * times.park + options_.margin,
           "new connections wait for the next pod", directions_.parked);
    addSet(names::kParkedFromNode, 2 * times.park + options_.margin,
           "the same, for processes of this node", directions_.parkedFromNode);
    addSet(names::kGone, times.park + times.tombstone + options_.margin,
           "nobody is there: answered", directions_.gone);
    addSet(names::kGoneFromNode, times.park + times.tombstone + options_.margin,
           "the same, for processes of this node", directions_.goneFromNode);
    addSet(names::kOwnPods, nanoseconds{}, "pods of this node", directions_.ownPods);
    for (const IpFamily family : kFamilies) {
      nft::Set& map = out_.addSet({names::suffixed(names::kForwarded, family),
                                   SetSpec::Kind::kMap,
                                   {typeOf(family)},
                                   {typeOf(family)},
                                   "the pod's name is another pod's now",
                                   false,
                                   inMilliseconds(times.forward + options_.margin)});
      for (const auto& [from, to] : directions_.forwarded) {
        if (from.family() == family) {
          nft::ElementValue& value = map.elements[Datum().address(from)];
          value = named(from);
          value.target = Datum().address(to);
        }
      }
    }
    if (givesChances()) {
      second_chance::addMaps(out_, directions_, options_);
    }
  }

  nft::ElementValue named(const IpAddress& address) const {
    const auto name = directions_.names.find(address);
    return name == directions_.names.end() ? nft::ElementValue{}
                                           : nft::ElementValue{{}, name->second};
  }

  static FieldType typeOf(IpFamily family) {
    return family == IpFamily::kV4 ? FieldType::kIpv4Addr : FieldType::kIpv6Addr;
  }

  static Exprs destinationIn(std::string_view stem, IpFamily family) {
    return isFamily(family) +
           Exprs{destinationAddress(family, {0}), in(names::suffixed(stem, family))};
  }

  Exprs copyAndDrop() const {
    return {nft::Log{options_.logGroup, kSynBytes}, act(nft::VerdictKind::kDrop)};
  }

  void addParking() {
    auto& prerouting =
        chain(names::kRawPrerouting, HookType::kFilter, HookPoint::kPrerouting, kPriorityRaw);
    auto& output = chain(names::kRawOutput, HookType::kFilter, HookPoint::kOutput, kPriorityRaw);
    const Exprs syn = isProtocol(IPPROTO_TCP) + tcpFlags(TH_SYN | TH_ACK | TH_RST, TH_SYN);
    for (const IpFamily family : kFamilies) {
      const Exprs fromOwnPod = {sourceAddress(family, {0}),
                                in(names::suffixed(names::kOwnPods, family))};
      prerouting.push_back(
          {syn + destinationIn(names::kParked, family) + fromOwnPod + copyAndDrop(),
           "waits for the pod's successor"});
      output.push_back({syn + destinationIn(names::kParkedFromNode, family) + copyAndDrop(),
                        "waits for the pod's successor"});
    }
    output.push_back({{nft::Meta{nft::MetaKey::kMark, {0}},
                       nft::Cmp{nft::CmpOp::kEqual, {0}, Datum().number(options_.untrackedMark)},
                       nft::NoTrack{}},
                      "asks a client how far its connection is"});
  }

  void addForwarding() {
    auto& prerouting =
        chain(names::kNatPrerouting, HookType::kNat, HookPoint::kPrerouting, kPriorityDstnat);
    auto& output = chain(names::kNatOutput, HookType::kNat, HookPoint::kOutput, kPriorityDstnat);
    auto& postrouting =
        chain(names::kNatPostrouting, HookType::kNat, HookPoint::kPostrouting, kPrioritySrcnat);
    if (givesChances()) {
      prerouting = second_chance::redirections(options_);
      postrouting = second_chance::returnPaths();
    }
    for (const IpFamily family : kFamilies) {
      const std::string map = names::suffixed(names::kForwarded, family);
      const nft::Rule forward{isFamily(family) +
                                  Exprs{destinationAddress(family, {0}),
                                        nft::Lookup{map, {0}, nft::Lookup::Result::kValue, {0}}} +
                                  (givesChances() ? second_chance::noteForwarded() : Exprs{}) +
                                  Exprs{nft::Dnat{family, {0}, std::nullopt}},
                              "the pod of the same name"};
      prerouting.push_back(forward);
      output.push_back(forward);
      const CtKey original =
          family == IpFamily::kV4 ? CtKey::kOriginalDestinationV4 : CtKey::kOriginalDestinationV6;
      postrouting.push_back(
          {hasBit(CtKey::kStatus, IPS_DST_NAT) + isFamily(family) +
               Exprs{nft::Ct{original, {0}}, in(map), sourceAddress(family, {0}),
                     notIn(names::suffixed(names::kOwnPods, family)), nft::Masquerade{}},
           "answers come back through this node"});
    }
  }

  void addRefusals() {
    for (const auto& [name, point, set] :
         {std::tuple{names::kFilterForward, HookPoint::kForward, names::kGone},
          std::tuple{names::kFilterOutput, HookPoint::kOutput, names::kGoneFromNode}}) {
      auto& rules = chain(name, HookType::kFilter, point, kPriorityFilter);
      for (const IpFamily family : kFamilies) {
        const Exprs toGone = isOriginal() + destinationIn(set, family);
        // A reset is never the answer to a reset (RFC 9293 3.10.7.1).
        rules.push_back({toGone + isProtocol(IPPROTO_TCP) + tcpFlags(TH_RST, 0) +
                             (givesChances() ? second_chance::notLedElsewhere() : Exprs{}) +
                             Exprs{nft::Reject{nft::Reject::With::kTcpReset}},
                         "the pod is gone"});
        rules.push_back(
            {toGone + isNotProtocol(IPPROTO_TCP) + Exprs{nft::Reject{}}, "the pod is gone"});
      }
    }
  }

  void addSigns() {
    second_chance::addSigns(out_, options_);
    for (const std::string_view name : {names::kFilterForward, names::kFilterOutput}) {
      out_.chains.find(name)->second.rules.push_back(second_chance::toSigns());
    }
    chain(names::kFilterInput, HookType::kFilter, HookPoint::kInput, kPriorityFilter)
        .push_back(second_chance::readSign(options_));
  }

  const departed::Directions& directions_;
  const DepartedTableOptions& options_;
  nft::Ruleset out_;
};

}  // namespace

nft::Ruleset departedTable(const departed::Directions& directions,
                           const DepartedTableOptions& options) {
  return Builder(directions, options).build();
}

departed::Directions directionsOf(const nft::Ruleset& table) {
  departed::Directions directions;
  const auto read = [&](std::string_view stem, auto take) {
    for (const IpFamily family : kFamilies) {
      const auto set = table.sets.find(names::suffixed(stem, family));
      if (set == table.sets.end()) {
        continue;
      }
      for (const auto& [key, value] : set->second.elements) {
        const IpAddress ip = addressIn(key.bytes());
        take(ip, value);
        if (!value.comment.empty()) {
          directions.names[ip] = value.comment;
        }
      }
    }
  };
  read(names::kParked, [&](const IpAddress& ip, const auto&) { directions.parked.insert(ip); });
  read(names::kParkedFromNode,
       [&](const IpAddress& ip, const auto&) { directions.parkedFromNode.insert(ip); });
  read(names::kGone, [&](const IpAddress& ip, const auto&) { directions.gone.insert(ip); });
  read(names::kGoneFromNode,
       [&](const IpAddress& ip, const auto&) { directions.goneFromNode.insert(ip); });
  read(names::kOwnPods, [&](const IpAddress& ip, const auto&) { directions.ownPods.insert(ip); });
  read(names::kForwarded, [&](const IpAddress& ip, const nft::ElementValue& value) {
    if (const auto* to = std::get_if<Datum>(&value.target)) {
      directions.forwarded[ip] = addressIn(to->bytes());
    }
  });
  second_chance::readMaps(table, directions);
  return directions;
}

}  // namespace hitless::rules
