#include "core/nft/foreign/registers.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>

namespace hitless::nft {
namespace {

using netlink::Attributes;
using netlink::ByteView;

/// The four long registers and the sixteen short ones share their memory
/// (include/uapi/linux/netfilter/nf_tables.h).
std::uint32_t word(std::uint32_t number) {
  return number >= NFT_REG_1 && number <= NFT_REG_4 ? NFT_REG32_00 + (number - NFT_REG_1) * 4
                                                    : number;
}

constexpr std::array<std::string_view, 4> kBases = {"link", "network", "transport", "inner"};

std::string metaName(std::uint32_t key) {
  switch (key) {
    case NFT_META_MARK:
      return "meta mark";
    case NFT_META_IIFNAME:
      return "iifname";
    case NFT_META_OIFNAME:
      return "oifname";
    case NFT_META_IIF:
      return "iif";
    case NFT_META_OIF:
      return "oif";
    case NFT_META_L4PROTO:
      return "meta l4proto";
    case NFT_META_SKUID:
      return "meta skuid";
    case NFT_META_PKTTYPE:
      return "meta pkttype";
    default:
      return fmt::format("meta {}", key);
  }
}

std::string ctName(std::uint32_t key) {
  switch (key) {
    case NFT_CT_STATE:
      return "ct state";
    case NFT_CT_MARK:
      return "ct mark";
    case NFT_CT_STATUS:
      return "ct status";
    default:
      return fmt::format("ct {}", key);
  }
}

Source payloadSource(const Attributes& data) {
  Source source{Source::Kind::kPayload, data.be32(NFTA_PAYLOAD_BASE).value_or(0),
                data.be32(NFTA_PAYLOAD_OFFSET).value_or(0),
                data.be32(NFTA_PAYLOAD_LEN).value_or(0)};
  source.hint = fmt::format("@{},{},{}", kBases[std::min<std::size_t>(source.base, 3)],
                            std::uint64_t{source.offset} * 8, std::uint64_t{source.length} * 8);
  return source;
}

Source metaSource(const Attributes& data) {
  Source source{Source::Kind::kMeta};
  source.key = data.be32(NFTA_META_KEY).value_or(0);
  source.hint = metaName(source.key);
  return source;
}

Source other(std::string hint) {
  Source source{Source::Kind::kOther};
  source.hint = std::move(hint);
  return source;
}

}  // namespace

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

bool Registers::take(std::string_view expression, const Attributes& data) {
  if (expression == "payload" && data.find(NFTA_PAYLOAD_DREG) != nullptr) {
    set(data.be32(NFTA_PAYLOAD_DREG).value_or(0), payloadSource(data));
  } else if (expression == "meta" && data.find(NFTA_META_DREG) != nullptr) {
    set(data.be32(NFTA_META_DREG).value_or(0), metaSource(data));
  } else if (expression == "ct" && data.find(NFTA_CT_DREG) != nullptr) {
    set(data.be32(NFTA_CT_DREG).value_or(0), other(ctName(data.be32(NFTA_CT_KEY).value_or(0))));
  } else if (expression == "fib" && data.find(NFTA_FIB_DREG) != nullptr) {
    set(data.be32(NFTA_FIB_DREG).value_or(0), other("fib"));
  } else if (expression == "immediate" &&
             data.be32(NFTA_IMMEDIATE_DREG).value_or(0) != NFT_REG_VERDICT) {
    set(data.be32(NFTA_IMMEDIATE_DREG).value_or(0),
        other("0x" + hex(data.nested(NFTA_IMMEDIATE_DATA).payload(NFTA_DATA_VALUE))));
  } else {
    return expression == "bitwise" && takeBitwise(data);
  }
  return true;
}

bool Registers::takeBitwise(const Attributes& data) {
  Source source = at(data.be32(NFTA_BITWISE_SREG).value_or(0));
  const ByteView mask = data.nested(NFTA_BITWISE_MASK).payload(NFTA_DATA_VALUE);
  const ByteView flip = data.nested(NFTA_BITWISE_XOR).payload(NFTA_DATA_VALUE);
  const bool flips = std::any_of(flip.begin(), flip.end(), [](std::uint8_t b) { return b != 0; });
  if (source.kind == Source::Kind::kNone || mask.empty() || flips || !source.mask.empty()) {
    source = other(fmt::format("({} & 0x{} ^ 0x{})", source.hint, hex(mask), hex(flip)));
  } else {
    source.mask.assign(mask.begin(), mask.end());
    source.hint += " & 0x" + hex(mask);
  }
  set(data.be32(NFTA_BITWISE_DREG).value_or(0), std::move(source));
  return true;
}

Source Registers::at(std::uint32_t number) const {
  const auto found = sources_.find(word(number));
  return found == sources_.end() ? Source{} : found->second;
}

void Registers::set(std::uint32_t number, Source source) {
  sources_[word(number)] = std::move(source);
}

bool isProtocol(const Source& source, std::uint8_t family) {
  if (source.kind == Source::Kind::kMeta) {
    return source.key == NFT_META_L4PROTO;
  }
  return source.kind == Source::Kind::kPayload && source.base == NFT_PAYLOAD_NETWORK_HEADER &&
         source.length == 1 && source.offset == (family == NFPROTO_IPV6 ? 6U : 9U);
}

}  // namespace hitless::nft
