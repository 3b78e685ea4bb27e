#include "core/nft/foreign/chain_codec.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <string>
#include <string_view>

#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

using netlink::Attributes;

std::string hookName(std::uint8_t family, std::uint32_t number) {
  constexpr std::array<std::string_view, 6> kIp = {"prerouting", "input",       "forward",
                                                   "output",     "postrouting", "ingress"};
  constexpr std::array<std::string_view, 2> kNetdev = {"ingress", "egress"};
  constexpr std::array<std::string_view, 3> kArp = {"input", "output", "forward"};
  const auto nameIn = [&](const auto& names) {
    return number < names.size() ? std::string(names[number]) : std::to_string(number);
  };
  return family == NFPROTO_NETDEV ? nameIn(kNetdev)
                                  : (family == NFPROTO_ARP ? nameIn(kArp) : nameIn(kIp));
}

}  // namespace

std::string familyName(std::uint8_t family) {
  switch (family) {
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return std::to_string(family);
  }
}

std::optional<ForeignChain> foreignChainOf(const netlink::Message& message) {
  const auto header = message.header<nfgenmsg>();
  if (!header || message.type != wire::messageType(NFT_MSG_NEWCHAIN)) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(nfgenmsg));
  ForeignChain out;
  out.family = header->nfgen_family;
  doctor::NftChain& chain = out.chain;
  chain.family = familyName(out.family);
  chain.table = attributes.text(NFTA_CHAIN_TABLE);
  chain.name = attributes.text(NFTA_CHAIN_NAME);
  chain.handle = attributes.be64(NFTA_CHAIN_HANDLE).value_or(0);
  chain.use = attributes.be32(NFTA_CHAIN_USE).value_or(0);
  if (attributes.find(NFTA_CHAIN_HOOK) == nullptr) {
    return out;
  }
  const Attributes hook = attributes.nested(NFTA_CHAIN_HOOK);
  out.hookNumber = hook.be32(NFTA_HOOK_HOOKNUM).value_or(0);
  chain.hook = hookName(out.family, out.hookNumber);
  chain.priority = static_cast<std::int32_t>(hook.be32(NFTA_HOOK_PRIORITY).value_or(0));
  chain.type = attributes.text(NFTA_CHAIN_TYPE);
  chain.policy =
      attributes.be32(NFTA_CHAIN_POLICY).value_or(NF_ACCEPT) == NF_DROP ? "drop" : "accept";
  const Attributes counters = attributes.nested(NFTA_CHAIN_COUNTERS);
  out.counters = {counters.be64(NFTA_COUNTER_PACKETS).value_or(0),
                  counters.be64(NFTA_COUNTER_BYTES).value_or(0)};
  return out;
}

}  // namespace hitless::nft
