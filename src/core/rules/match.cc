#include "core/rules/match.h"

#include <linux/if.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>

#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Cmp;
using nft::CmpOp;
using nft::Ct;
using nft::CtKey;
using nft::Datum;
using nft::Lookup;
using nft::Mask;
using nft::Meta;
using nft::MetaKey;
using nft::Payload;
using nft::PayloadBase;
using nft::Register;

// TCP, UDP and SCTP alike.
constexpr std::uint32_t kSourcePortOffset = 0;
constexpr std::uint32_t kDestinationPortOffset = 2;
constexpr std::uint32_t kTcpFlagsOffset = 13;

Payload address(IpFamily family, bool source, Register to) {
  const bool v4 = family == IpFamily::kV4;
  const std::size_t offset = v4 ? (source ? offsetof(iphdr, saddr) : offsetof(iphdr, daddr))
                                : (source ? offsetof(ipv6hdr, saddr) : offsetof(ipv6hdr, daddr));
  return {PayloadBase::kNetwork, static_cast<std::uint32_t>(offset), v4 ? 4U : 16U, to};
}

Register word(std::uint8_t number) {
  return {number};
}

Ct originalDestination(IpFamily family) {
  return {family == IpFamily::kV4 ? CtKey::kOriginalDestinationV4 : CtKey::kOriginalDestinationV6,
          word(0)};
}

/// `destination` if the key has an address, then protocol and `port`.
ServicePortKey keyOf(PortKind kind, IpFamily family, nft::Expr destination,
                     nft::Expr (*port)(Register)) {
  ServicePortKey key;
  if (kind == PortKind::kAddress) {
    key.load.push_back(std::move(destination));
    key.words = addressWords(family);
  }
  key.load.push_back(Meta{MetaKey::kL4Proto, word(key.words)});
  key.load.push_back(port(word(static_cast<std::uint8_t>(key.words + 1))));
  key.words = static_cast<std::uint8_t>(key.words + 2);
  return key;
}

/// The interface's name; without its NUL it is compared as a prefix.
Exprs cameThrough(const std::string& interface, bool prefix) {
  std::vector<std::uint8_t> bytes(interface.begin(), interface.end());
  bytes.resize(prefix ? bytes.size() : IFNAMSIZ, 0);
  return {Meta{MetaKey::kInputName, word(0)}, Cmp{CmpOp::kEqual, word(0), Datum(bytes)}};
}

}  // namespace

Exprs operator+(Exprs left, const Exprs& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::uint8_t addressWords(IpFamily family) {
  return family == IpFamily::kV4 ? 1 : 4;
}

Exprs isFamily(IpFamily family) {
  const std::uint8_t protocol = family == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  return {Meta{MetaKey::kNfproto, word(0)}, Cmp{CmpOp::kEqual, word(0), Datum({&protocol, 1})}};
}

Exprs isProtocol(std::uint8_t protocol) {
  return {Meta{MetaKey::kL4Proto, word(0)}, Cmp{CmpOp::kEqual, word(0), Datum({&protocol, 1})}};
}

Exprs isNotProtocol(std::uint8_t protocol) {
  return {Meta{MetaKey::kL4Proto, word(0)}, Cmp{CmpOp::kNotEqual, word(0), Datum({&protocol, 1})}};
}

Exprs tcpFlags(std::uint8_t mask, std::uint8_t value) {
  return {Payload{PayloadBase::kTransport, kTcpFlagsOffset, 1, word(0)},
          Mask{word(0), word(0), Datum({&mask, 1})},
          Cmp{CmpOp::kEqual, word(0), Datum({&value, 1})}};
}

Payload sourceAddress(IpFamily family, Register to) {
  return address(family, true, to);
}

Payload destinationAddress(IpFamily family, Register to) {
  return address(family, false, to);
}

ServicePortKey packetKey(PortKind kind, IpFamily family) {
  return keyOf(kind, family, destinationAddress(family, word(0)), [](Register to) -> nft::Expr {
    return Payload{PayloadBase::kTransport, kDestinationPortOffset, 2, to};
  });
}

ServicePortKey sourceKey(IpFamily family) {
  return keyOf(PortKind::kAddress, family, sourceAddress(family, word(0)),
               [](Register to) -> nft::Expr {
                 return Payload{PayloadBase::kTransport, kSourcePortOffset, 2, to};
               });
}

ServicePortKey originalKey(PortKind kind, IpFamily family) {
  return keyOf(kind, family, originalDestination(family), [](Register to) -> nft::Expr {
    return Ct{CtKey::kOriginalDestinationPort, to};
  });
}

Exprs atNode(PortKind kind, IpFamily family) {
  if (kind == PortKind::kAddress) {
    return {};
  }
  return {destinationAddress(family, word(0)),
          in(names::suffixed(names::kNodePortAddresses, family))};
}

Exprs originallyAtNode(PortKind kind, IpFamily family) {
  if (kind == PortKind::kAddress) {
    return {};
  }
  return {originalDestination(family), in(names::suffixed(names::kNodePortAddresses, family))};
}

Exprs hasBit(CtKey key, std::uint32_t bit) {
  return {Ct{key, word(0)}, Mask{word(0), word(0), Datum().number(bit)},
          Cmp{CmpOp::kNotEqual, word(0), Datum().number(0)}};
}

Exprs fromHost() {
  return {nft::SourceType{word(0)}, Cmp{CmpOp::kEqual, word(0), Datum().number(RTN_LOCAL)}};
}

std::vector<Exprs> fromPods(const LocalDetector& pods, IpFamily family) {
  if (pods.mode != LocalDetector::Mode::kNetworks) {
    return {isFamily(family) +
            cameThrough(pods.interface, pods.mode == LocalDetector::Mode::kInterfacePrefix)};
  }
  std::vector<Exprs> ways;
  for (const Cidr& network : pods.networks) {
    if (network.address.family() == family) {
      ways.push_back(isFamily(family) + inNetwork(network, true));
    }
  }
  return ways;
}

Exprs inNetwork(const Cidr& network, bool source) {
  const Cidr masked = network.masked();
  const std::size_t whole = masked.length / 8U;
  const auto bytes = masked.address.bytes();
  Payload load = address(masked.address.family(), source, word(0));
  if (masked.length % 8 == 0 && whole > 0) {
    load.length = static_cast<std::uint32_t>(whole);
    return {load, Cmp{CmpOp::kEqual, word(0), Datum(bytes.first(whole))}};
  }
  std::vector<std::uint8_t> mask(bytes.size(), 0);
  for (unsigned bit = 0; bit < masked.length; ++bit) {
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80U >> bit % 8);
  }
  return {load, Mask{word(0), word(0), Datum(mask)}, Cmp{CmpOp::kEqual, word(0), Datum(bytes)}};
}

nft::Expr in(std::string set) {
  return Lookup{std::move(set), word(0), Lookup::Result::kMatch, {}};
}

nft::Expr notIn(std::string set) {
  return Lookup{std::move(set), word(0), Lookup::Result::kNoMatch, {}};
}

nft::Expr verdictOf(std::string map) {
  return Lookup{std::move(map), word(0), Lookup::Result::kVerdict, {}};
}

nft::Expr act(nft::VerdictKind kind, std::string_view chain) {
  return nft::Act{{kind, std::string(chain)}};
}

}  // namespace hitless::rules
