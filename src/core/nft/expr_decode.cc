#include <linux/netfilter/nf_nat.h>

#include "core/nft/expr_codec.h"
#include "core/nft/expr_numbers.h"

namespace hitless::nft {
namespace {

using netlink::Attributes;
using netlink::ByteView;

using Decoded = std::optional<Expr>;

Decoded decodeMeta(const Attributes& a) {
  const auto key = fromKernel(kMetaKeys, a.be32(NFTA_META_KEY));
  const auto from = registerOf(a.be32(NFTA_META_SREG));
  if (from) {
    return key == MetaKey::kMark ? Decoded(SetMark{*from}) : std::nullopt;
  }
  const auto to = registerOf(a.be32(NFTA_META_DREG));
  return key && to ? Decoded(Meta{*key, *to}) : std::nullopt;
}

Decoded decodeWrite(const Attributes& a) {
  const auto from = registerOf(a.be32(NFTA_PAYLOAD_SREG));
  const auto offset = a.be32(NFTA_PAYLOAD_OFFSET);
  const auto length = a.be32(NFTA_PAYLOAD_LEN);
  const auto checksum = a.be32(NFTA_PAYLOAD_CSUM_OFFSET);
  const bool known = a.be32(NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_TRANSPORT_HEADER &&
                     a.be32(NFTA_PAYLOAD_CSUM_TYPE) == NFT_PAYLOAD_CSUM_INET &&
                     a.be32(NFTA_PAYLOAD_CSUM_FLAGS).value_or(0) == 0;
  return from && offset && length && checksum && known
             ? Decoded(WriteTransport{*offset, *length, *checksum, *from})
             : std::nullopt;
}

Decoded decodePayload(const Attributes& a) {
  if (a.find(NFTA_PAYLOAD_SREG) != nullptr) {
    return decodeWrite(a);
  }
  const auto base = fromKernel(kBases, a.be32(NFTA_PAYLOAD_BASE));
  const auto to = registerOf(a.be32(NFTA_PAYLOAD_DREG));
  const auto offset = a.be32(NFTA_PAYLOAD_OFFSET);
  const auto length = a.be32(NFTA_PAYLOAD_LEN);
  return base && to && offset && length ? Decoded(Payload{*base, *offset, *length, *to})
                                        : std::nullopt;
}

std::optional<CtKey> ctKeyOf(const Attributes& a) {
  const auto number = a.be32(NFTA_CT_KEY);
  for (const CtRow& row : kCtKeys) {
    if (number == row.kernel && a.u8(NFTA_CT_DIRECTION) == row.direction) {
      return row.ours;
    }
  }
  return std::nullopt;
}

Decoded decodeCt(const Attributes& a) {
  const auto key = ctKeyOf(a);
  if (const auto from = registerOf(a.be32(NFTA_CT_SREG))) {
    return key == CtKey::kLabels ? Decoded(AddLabels{*from}) : std::nullopt;
  }
  const auto to = registerOf(a.be32(NFTA_CT_DREG));
  return key && to ? Decoded(Ct{*key, *to}) : std::nullopt;
}

Decoded decodeFib(const Attributes& a) {
  const auto to = registerOf(a.be32(NFTA_FIB_DREG));
  const bool sourceType = a.be32(NFTA_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE &&
                          a.be32(NFTA_FIB_FLAGS) == NFTA_FIB_F_SADDR;
  return to && sourceType ? Decoded(SourceType{*to}) : std::nullopt;
}

std::optional<Datum> decodeData(const Attributes& data) {
  const ByteView bytes = data.payload(NFTA_DATA_VALUE);
  return bytes.empty() || bytes.size() > Datum::kCapacity ? std::nullopt
                                                          : std::optional(Datum(bytes));
}

Decoded decodeCmp(const Attributes& a) {
  const auto op = fromKernel(kCmpOps, a.be32(NFTA_CMP_OP));
  const auto from = registerOf(a.be32(NFTA_CMP_SREG));
  const auto value = decodeData(a.nested(NFTA_CMP_DATA));
  return op && from && value ? Decoded(Cmp{*op, *from, *value}) : std::nullopt;
}

Decoded decodeMask(const Attributes& a) {
  const auto from = registerOf(a.be32(NFTA_BITWISE_SREG));
  const auto to = registerOf(a.be32(NFTA_BITWISE_DREG));
  const auto mask = decodeData(a.nested(NFTA_BITWISE_MASK));
  const auto flip = decodeData(a.nested(NFTA_BITWISE_XOR));
  if (!from || !to || !mask || !flip) {
    return std::nullopt;
  }
  const bool zeros = *flip == Datum(std::vector<std::uint8_t>(flip->size()));
  return Mask{*from, *to, *mask, zeros ? Datum() : *flip};
}

Decoded decodeNoTrack(const Attributes&) {
  return NoTrack{};
}

Decoded decodeLookup(const Attributes& a) {
  const auto from = registerOf(a.be32(NFTA_LOOKUP_SREG));
  const std::uint32_t flags = a.be32(NFTA_LOOKUP_FLAGS).value_or(0);
  if (!from || flags > NFT_LOOKUP_F_INV) {
    return std::nullopt;
  }
  Lookup lookup{std::string(a.text(NFTA_LOOKUP_SET)),
                *from,
                flags == 0 ? Lookup::Result::kMatch : Lookup::Result::kNoMatch,
                {}};
  if (const auto number = a.be32(NFTA_LOOKUP_DREG)) {
    const auto to = registerOf(number);
    lookup.result = to ? Lookup::Result::kValue : Lookup::Result::kVerdict;
    lookup.to = to.value_or(Register{});
  }
  return lookup;
}

Decoded decodeRandom(const Attributes& a) {
  const auto to = registerOf(a.be32(NFTA_NG_DREG));
  const auto modulus = a.be32(NFTA_NG_MODULUS);
  const bool random = a.be32(NFTA_NG_TYPE) == NFT_NG_RANDOM;
  const std::uint32_t offset = a.be32(NFTA_NG_OFFSET).value_or(0);
  return to && modulus && random ? Decoded(RandomNumber{*modulus, offset, *to}) : std::nullopt;
}

Decoded decodeUpdate(const Attributes& a) {
  const auto key = registerOf(a.be32(NFTA_DYNSET_SREG_KEY));
  const auto value = registerOf(a.be32(NFTA_DYNSET_SREG_DATA));
  const auto timeout = a.be64(NFTA_DYNSET_TIMEOUT);
  const bool update = a.be32(NFTA_DYNSET_OP) == NFT_DYNSET_OP_UPDATE;
  return key && value && timeout && update
             ? Decoded(UpdateMap{std::string(a.text(NFTA_DYNSET_SET_NAME)), *key, *value, *timeout})
             : std::nullopt;
}

Decoded decodeNat(const Attributes& a) {
  const auto family = fromKernel(kFamilies, a.be32(NFTA_NAT_FAMILY));
  const auto address = registerOf(a.be32(NFTA_NAT_REG_ADDR_MIN));
  const auto port = registerOf(a.be32(NFTA_NAT_REG_PROTO_MIN));
  const bool dnat = a.be32(NFTA_NAT_TYPE) == NFT_NAT_DNAT;
  return family && address && dnat ? Decoded(Dnat{*family, *address, port}) : std::nullopt;
}

Decoded decodeRedirect(const Attributes& a) {
  const auto port = registerOf(a.be32(NFTA_REDIR_REG_PROTO_MIN));
  return port ? Decoded(Redirect{*port}) : std::nullopt;
}

Decoded decodeMasquerade(const Attributes& a) {
  return a.be32(NFTA_MASQ_FLAGS) == NF_NAT_RANGE_PROTO_RANDOM_FULLY ? Decoded(Masquerade{})
                                                                    : std::nullopt;
}

Decoded decodeLog(const Attributes& a) {
  const auto group = a.be16(NFTA_LOG_GROUP);
  return group ? Decoded(Log{*group, a.be32(NFTA_LOG_SNAPLEN).value_or(0)}) : std::nullopt;
}

Decoded decodeReject(const Attributes& a) {
  const auto type = a.be32(NFTA_REJECT_TYPE);
  if (type == NFT_REJECT_TCP_RST) {
    return Reject{Reject::With::kTcpReset};
  }
  const auto with = fromKernel(kUnreachables, a.u8(NFTA_REJECT_ICMP_CODE));
  return type == NFT_REJECT_ICMPX_UNREACH && with ? Decoded(Reject{*with}) : std::nullopt;
}

Decoded decodeImmediate(const Attributes& a) {
  if (const auto to = registerOf(a.be32(NFTA_IMMEDIATE_DREG))) {
    const auto value = decodeData(a.nested(NFTA_IMMEDIATE_DATA));
    return value ? Decoded(Constant{*to, *value}) : std::nullopt;
  }
  auto verdict = decodeVerdict(a.nested(NFTA_IMMEDIATE_DATA));
  return verdict ? Decoded(Act{std::move(*verdict)}) : std::nullopt;
}

struct Decoder {
  std::string_view name;
  Decoded (*decode)(const Attributes&);
};
constexpr std::array<Decoder, 16> kDecoders = {{
    {"meta", decodeMeta},
    {"payload", decodePayload},
    {"ct", decodeCt},
    {"fib", decodeFib},
    {"cmp", decodeCmp},
    {"bitwise", decodeMask},
    {"notrack", decodeNoTrack},
    {"lookup", decodeLookup},
    {"numgen", decodeRandom},
    {"dynset", decodeUpdate},
    {"nat", decodeNat},
    {"redir", decodeRedirect},
    {"masq", decodeMasquerade},
    {"log", decodeLog},
    {"reject", decodeReject},
    {"immediate", decodeImmediate},
}};

Expr decodeExpr(const Attributes& element) {
  const std::string_view name = element.text(NFTA_EXPR_NAME);
  for (const Decoder& decoder : kDecoders) {
    if (decoder.name == name) {
      if (auto expr = decoder.decode(element.nested(NFTA_EXPR_DATA))) {
        return std::move(*expr);
      }
    }
  }
  return Foreign{std::string(name)};
}

}  // namespace

std::vector<Expr> decodeExprs(const Attributes& list) {
  std::vector<Expr> exprs;
  for (const netlink::Attribute& element : list) {
    exprs.push_back(decodeExpr(Attributes(element.payload)));
  }
  return exprs;
}

std::optional<Verdict> decodeVerdict(const Attributes& data) {
  const Attributes verdict = data.nested(NFTA_DATA_VERDICT);
  const auto kind = fromKernel(kVerdicts, verdict.be32(NFTA_VERDICT_CODE));
  return kind ? std::optional(Verdict{*kind, std::string(verdict.text(NFTA_VERDICT_CHAIN))})
              : std::nullopt;
}

}  // namespace hitless::nft
