#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/nft/expr.h"
#include "core/rules/options.h"
#include "core/rules/slot_keys.h"

/// The matches that our rules are made of, in nftables' own terms.
namespace hitless::rules {

using Exprs = std::vector<nft::Expr>;
Exprs operator+(Exprs left, const Exprs& right);

/// The words that an address takes in the registers.
std::uint8_t addressWords(IpFamily family);

/// Only packets of the family go on.
Exprs isFamily(IpFamily family);
Exprs isProtocol(std::uint8_t protocol);
Exprs isNotProtocol(std::uint8_t protocol);
/// Of a TCP packet.
Exprs tcpFlags(std::uint8_t mask, std::uint8_t value);
nft::Payload sourceAddress(IpFamily family, nft::Register to);
nft::Payload destinationAddress(IpFamily family, nft::Register to);

/// Loads a packet's service port from word 0 on.
struct ServicePortKey {
  Exprs load;
  std::uint8_t words = 0;  ///< The next free word.
};
ServicePortKey packetKey(PortKind kind, IpFamily family);
/// The same of where the packet comes from: source address . protocol . source port.
ServicePortKey sourceKey(IpFamily family);
/// The same of the connection's first packet, before translation.
ServicePortKey originalKey(PortKind kind, IpFamily family);
/// Only packets of the family that are addressed to a node port address; nothing for kAddress.
Exprs atNode(PortKind kind, IpFamily family);
Exprs originallyAtNode(PortKind kind, IpFamily family);

/// Whether the connection has any of the bits of ct state or ct status.
Exprs hasBit(nft::CtKey key, std::uint32_t bit);
/// Whether the source is one of this node's own addresses.
Exprs fromHost();
/// The ways in which a pod of this node is known: any of them.
std::vector<Exprs> fromPods(const LocalDetector& pods, IpFamily family);
/// Whether an address belongs to a network, as nft itself writes it.
Exprs inNetwork(const Cidr& network, bool source);

/// What is looked up begins at word 0.
nft::Expr in(std::string set);
nft::Expr notIn(std::string set);
nft::Expr verdictOf(std::string map);
nft::Expr act(nft::VerdictKind kind, std::string_view chain = {});

}  // namespace hitless::rules
