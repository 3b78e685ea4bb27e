#include "core/rules/proxy_table.h"

#include <linux/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "core/rules/match.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using nft::HookPoint;
using nft::MetaKey;
using proxy::PortList;

/// nft's "dstnat". The kernel knows it by -100 in both hooks.
constexpr std::int32_t kPriorityDstnat = -100;

Exprs isLoopback(MetaKey interface) {
  std::array<std::uint8_t, IFNAMSIZ> name{'l', 'o'};
  return {nft::Meta{interface, {0}}, nft::Cmp{nft::CmpOp::kEqual, {0}, Datum(name)}};
}

Exprs isNumber(MetaKey key, std::uint32_t value) {
  return {nft::Meta{key, {0}}, nft::Cmp{nft::CmpOp::kEqual, {0}, Datum().number(value)}};
}

/// Two bytes, as nft writes a port.
Exprs redirectTo(std::uint16_t port) {
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(port >> 8),
                                          static_cast<std::uint8_t>(port)};
  return {nft::Constant{{0}, Datum(bytes)}, nft::Redirect{{0}}};
}

Exprs destinationPort() {
  constexpr std::uint32_t offset = 2;  // Of TCP.
  return {nft::Payload{nft::PayloadBase::kTransport, offset, 2, {0}}};
}

/// What both directions have in common.
struct Direction {
  const PortList& ports;
  const PortList& excluded;
  std::string_view portsSet;
  std::string_view excludedSet;
  std::uint16_t to;
  std::string_view comment;
};

class Builder {
 public:
  explicit Builder(const ProxyTableOptions& options) : options_(options) {
    out_.table = nft::TableSpec{std::string(names::kProxyTable),
                                "Connections of this pod that its proxy takes, by hitless"};
  }

  nft::Ruleset build() {
    if (!options_.inbound.empty()) {
      addInbound();
    }
    if (!options_.outbound.empty()) {
      addOutbound();
    }
    return std::move(out_);
  }

 private:
  using Rules = std::vector<nft::Rule>;

  void addInbound() {
    PortList excluded = options_.inboundExcluded;
    excluded.add({proxy::sidecar::kFirstReserved, proxy::sidecar::kLastReserved});
    Rules& rules = chain(names::kNatPrerouting, HookPoint::kPrerouting);
    rules.push_back({isLoopback(MetaKey::kInputName) + Exprs{act(nft::VerdictKind::kReturn)},
                     "within the pod"});
    redirect(rules, {options_.inbound, excluded, names::kInboundPorts, names::kInboundExcluded,
                     options_.inboundTo, "to the pod: to its proxy"});
  }

  void addOutbound() {
    PortList excluded = options_.outboundExcluded;
    excluded.add({proxy::sidecar::kFirstReserved, proxy::sidecar::kLastReserved});
    Rules& rules = chain(names::kNatOutput, HookPoint::kOutput);
    const Exprs leave = {act(nft::VerdictKind::kReturn)};
    rules.push_back({isLoopback(MetaKey::kOutputName) + leave, "within the pod"});
    rules.push_back({isNumber(MetaKey::kSocketUser, options_.user) + leave, "the proxy's own"});
    rules.push_back({isNumber(MetaKey::kPriority, options_.priority) + leave,
                     "the proxy's own, by its priority"});
    redirect(rules, {options_.outbound, excluded, names::kOutboundPorts, names::kOutboundExcluded,
                     options_.outboundTo, "from the pod: to its proxy"});
  }

  Rules& chain(std::string_view name, HookPoint point) {
    return out_
        .addChain({std::string(name), nft::Hook{nft::HookType::kNat, point, kPriorityDstnat}, {}})
        .rules;
  }

  void redirect(Rules& rules, const Direction& direction) {
    Exprs exprs = isProtocol(IPPROTO_TCP) + destinationPort();
    if (!direction.ports.everything()) {
      exprs.push_back(in(addPorts(direction.portsSet, direction.ports, "led to the proxy")));
    }
    exprs.push_back(notIn(addPorts(direction.excludedSet, direction.excluded, "not led there")));
    rules.push_back({exprs + redirectTo(direction.to), std::string(direction.comment)});
  }

  std::string addPorts(std::string_view name, const PortList& ports, std::string comment) {
    nft::SetSpec spec{std::string(name),
                      nft::SetSpec::Kind::kSet,
                      {nft::FieldType::kInetService},
                      {},
                      std::move(comment)};
    spec.interval = true;
    nft::Set& set = out_.addSet(std::move(spec));
    for (const proxy::PortRange& range : ports.ranges()) {
      set.elements[Datum().port(range.first)] = {{}, {}, Datum().port(range.last)};
    }
    if (ports.everything()) {
      set.elements[Datum().port(0)] = {{}, {}, Datum().port(0xffff)};
    }
    return std::string(name);
  }

  const ProxyTableOptions& options_;
  nft::Ruleset out_;
};

}  // namespace

nft::Ruleset proxyTable(const ProxyTableOptions& options) {
  return Builder(options).build();
}

}  // namespace hitless::rules
