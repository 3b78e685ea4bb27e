#include "core/nft/expr_codec.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include <array>

namespace hitless::nft {
namespace {

using netlink::Attributes;
using netlink::ByteView;
using netlink::Writer;

constexpr std::size_t kMaxComment = 128;

/// Aligned words have a 128-bit register's number: that is how the kernel reports them.
std::uint32_t numberOf(Register reg) {
  return reg.word % 4 == 0 ? NFT_REG_1 + reg.word / 4U : NFT_REG32_00 + std::uint32_t{reg.word};
}

std::optional<Register> registerOf(std::optional<std::uint32_t> number) {
  if (!number) {
    return std::nullopt;
  }
  if (*number >= NFT_REG_1 && *number <= NFT_REG_4) {
    return Register{static_cast<std::uint8_t>((*number - NFT_REG_1) * 4)};
  }
  if (*number >= NFT_REG32_00 && *number <= NFT_REG32_15) {
    return Register{static_cast<std::uint8_t>(*number - NFT_REG32_00)};
  }
  return std::nullopt;
}

/// A row per value: ours and the kernel's number.
template <class Enum>
struct Row {
  Enum ours;
  std::uint32_t kernel;
};
constexpr std::array<Row<MetaKey>, 4> kMetaKeys = {{{MetaKey::kNfproto, NFT_META_NFPROTO},
                                                    {MetaKey::kL4Proto, NFT_META_L4PROTO},
                                                    {MetaKey::kInputName, NFT_META_IIFNAME},
                                                    {MetaKey::kMark, NFT_META_MARK}}};
constexpr std::array<Row<PayloadBase>, 2> kBases = {
    {{PayloadBase::kNetwork, NFT_PAYLOAD_NETWORK_HEADER},
     {PayloadBase::kTransport, NFT_PAYLOAD_TRANSPORT_HEADER}}};
constexpr std::array<Row<CtKey>, 5> kCtKeys = {
    {{CtKey::kState, NFT_CT_STATE},
     {CtKey::kStatus, NFT_CT_STATUS},
     {CtKey::kOriginalDestinationV4, NFT_CT_DST_IP},
     {CtKey::kOriginalDestinationV6, NFT_CT_DST_IP6},
     {CtKey::kOriginalDestinationPort, NFT_CT_PROTO_DST}}};
constexpr std::array<Row<CmpOp>, 2> kCmpOps = {
    {{CmpOp::kEqual, NFT_CMP_EQ}, {CmpOp::kNotEqual, NFT_CMP_NEQ}}};
constexpr std::array<Row<IpFamily>, 2> kFamilies = {
    {{IpFamily::kV4, NFPROTO_IPV4}, {IpFamily::kV6, NFPROTO_IPV6}}};
constexpr std::array<Row<VerdictKind>, 5> kVerdicts = {
    {{VerdictKind::kAccept, NF_ACCEPT},
     {VerdictKind::kDrop, NF_DROP},
     {VerdictKind::kReturn, static_cast<std::uint32_t>(NFT_RETURN)},
     {VerdictKind::kJump, static_cast<std::uint32_t>(NFT_JUMP)},
     {VerdictKind::kGoto, static_cast<std::uint32_t>(NFT_GOTO)}}};

template <class Enum, std::size_t N>
std::uint32_t toKernel(const std::array<Row<Enum>, N>& rows, Enum value) {
  return rows[static_cast<std::size_t>(value)].kernel;
}
template <class Enum, std::size_t N>
std::optional<Enum> fromKernel(const std::array<Row<Enum>, N>& rows,
                               std::optional<std::uint32_t> value) {
  for (const auto& row : rows) {
    if (value && row.kernel == *value) {
      return row.ours;
    }
  }
  return std::nullopt;
}

bool directed(CtKey key) {
  return key != CtKey::kState && key != CtKey::kStatus;
}

void putData(Writer& writer, std::uint16_t type, ByteView bytes) {
  const auto nest = writer.openNest(type);
  writer.put(NFTA_DATA_VALUE, bytes);
  writer.closeNest(nest);
}

/// Writes name and operands of an expression.
struct Encode {
  Writer& w;

  template <class Body>
  void expr(std::string_view name, Body body) {
    const auto element = w.openNest(NFTA_LIST_ELEM);
    w.putString(NFTA_EXPR_NAME, name);
    const auto data = w.openNest(NFTA_EXPR_DATA);
    body();
    w.closeNest(data);
    w.closeNest(element);
  }

  void operator()(const Meta& e) {
    expr("meta", [&] {
      w.putBe32(NFTA_META_DREG, numberOf(e.to));
      w.putBe32(NFTA_META_KEY, toKernel(kMetaKeys, e.key));
    });
  }
  void operator()(const Payload& e) {
    expr("payload", [&] {
      w.putBe32(NFTA_PAYLOAD_DREG, numberOf(e.to));
      w.putBe32(NFTA_PAYLOAD_BASE, toKernel(kBases, e.base));
      w.putBe32(NFTA_PAYLOAD_OFFSET, e.offset);
      w.putBe32(NFTA_PAYLOAD_LEN, e.length);
    });
  }
  void operator()(const Ct& e) {
    expr("ct", [&] {
      w.putBe32(NFTA_CT_DREG, numberOf(e.to));
      w.putBe32(NFTA_CT_KEY, toKernel(kCtKeys, e.key));
      if (directed(e.key)) {
        w.putU8(NFTA_CT_DIRECTION, 0);
      }
    });
  }
  void operator()(const SourceType& e) {
    expr("fib", [&] {
      w.putBe32(NFTA_FIB_DREG, numberOf(e.to));
      w.putBe32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
      w.putBe32(NFTA_FIB_FLAGS, NFTA_FIB_F_SADDR);
    });
  }
  void operator()(const Cmp& e) {
    expr("cmp", [&] {
      w.putBe32(NFTA_CMP_SREG, numberOf(e.from));
      w.putBe32(NFTA_CMP_OP, toKernel(kCmpOps, e.op));
      putData(w, NFTA_CMP_DATA, e.value.bytes());
    });
  }
  void operator()(const Mask& e) {
    expr("bitwise", [&] {
      const Datum zeros(std::vector<std::uint8_t>(e.mask.size()));
      w.putBe32(NFTA_BITWISE_SREG, numberOf(e.from));
      w.putBe32(NFTA_BITWISE_DREG, numberOf(e.to));
      w.putBe32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(e.mask.size()));
      putData(w, NFTA_BITWISE_MASK, e.mask.bytes());
      putData(w, NFTA_BITWISE_XOR, (e.flip.size() == 0 ? zeros : e.flip).bytes());
    });
  }
  void operator()(const SetMark& e) {
    expr("meta", [&] {
      w.putBe32(NFTA_META_KEY, NFT_META_MARK);
      w.putBe32(NFTA_META_SREG, numberOf(e.from));
    });
  }
  void operator()(const NoTrack&) {
    expr("notrack", [] {});
  }
  void operator()(const Lookup& e) {
    expr("lookup", [&] {
      w.putString(NFTA_LOOKUP_SET, e.set);
      w.putBe32(NFTA_LOOKUP_SREG, numberOf(e.from));
      if (e.result == Lookup::Result::kValue) {
        w.putBe32(NFTA_LOOKUP_DREG, numberOf(e.to));
      } else if (e.result == Lookup::Result::kVerdict) {
        w.putBe32(NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
      } else if (e.result == Lookup::Result::kNoMatch) {
        w.putBe32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
      }
    });
  }
  void operator()(const RandomNumber& e) {
    expr("numgen", [&] {
      w.putBe32(NFTA_NG_DREG, numberOf(e.to));
      w.putBe32(NFTA_NG_MODULUS, e.modulus);
      w.putBe32(NFTA_NG_TYPE, NFT_NG_RANDOM);
      w.putBe32(NFTA_NG_OFFSET, e.offset);
    });
  }
  void operator()(const UpdateMap& e) {
    expr("dynset", [&] {
      w.putString(NFTA_DYNSET_SET_NAME, e.map);
      w.putBe32(NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
      w.putBe32(NFTA_DYNSET_SREG_KEY, numberOf(e.key));
      w.putBe32(NFTA_DYNSET_SREG_DATA, numberOf(e.value));
      w.putBe64(NFTA_DYNSET_TIMEOUT, e.timeout);
    });
  }
  void operator()(const Dnat& e) {
    expr("nat", [&] {
      w.putBe32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
      w.putBe32(NFTA_NAT_FAMILY, toKernel(kFamilies, e.family));
      w.putBe32(NFTA_NAT_REG_ADDR_MIN, numberOf(e.address));
      w.putBe32(NFTA_NAT_REG_PROTO_MIN, numberOf(e.port));
    });
  }
  void operator()(const Masquerade&) {
    expr("masq", [&] { w.putBe32(NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY); });
  }
  void operator()(const Reject& e) {
    expr("reject", [&] {
      const bool reset = e.with == Reject::With::kTcpReset;
      w.putBe32(NFTA_REJECT_TYPE, reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
      w.putU8(NFTA_REJECT_ICMP_CODE, reset ? 0 : NFT_REJECT_ICMPX_PORT_UNREACH);
    });
  }
  void operator()(const Act& e) {
    expr("immediate", [&] {
      w.putBe32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      const auto nest = w.openNest(NFTA_IMMEDIATE_DATA);
      encodeVerdict(w, e.verdict);
      w.closeNest(nest);
    });
  }
  void operator()(const Foreign& e) {
    expr(e.name, [] {});
  }
};

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

Decoded decodePayload(const Attributes& a) {
  const auto base = fromKernel(kBases, a.be32(NFTA_PAYLOAD_BASE));
  const auto to = registerOf(a.be32(NFTA_PAYLOAD_DREG));
  const auto offset = a.be32(NFTA_PAYLOAD_OFFSET);
  const auto length = a.be32(NFTA_PAYLOAD_LEN);
  return base && to && offset && length ? Decoded(Payload{*base, *offset, *length, *to})
                                        : std::nullopt;
}

Decoded decodeCt(const Attributes& a) {
  const auto key = fromKernel(kCtKeys, a.be32(NFTA_CT_KEY));
  const auto to = registerOf(a.be32(NFTA_CT_DREG));
  const bool original = a.u8(NFTA_CT_DIRECTION).value_or(0) == 0;
  return key && to && original ? Decoded(Ct{*key, *to}) : std::nullopt;
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
  return family && address && port && dnat ? Decoded(Dnat{*family, *address, *port}) : std::nullopt;
}

Decoded decodeMasquerade(const Attributes& a) {
  return a.be32(NFTA_MASQ_FLAGS) == NF_NAT_RANGE_PROTO_RANDOM_FULLY ? Decoded(Masquerade{})
                                                                    : std::nullopt;
}

Decoded decodeReject(const Attributes& a) {
  const auto type = a.be32(NFTA_REJECT_TYPE);
  if (type == NFT_REJECT_TCP_RST) {
    return Reject{Reject::With::kTcpReset};
  }
  const bool port = a.u8(NFTA_REJECT_ICMP_CODE) == NFT_REJECT_ICMPX_PORT_UNREACH;
  return type == NFT_REJECT_ICMPX_UNREACH && port ? Decoded(Reject{}) : std::nullopt;
}

Decoded decodeImmediate(const Attributes& a) {
  auto verdict = decodeVerdict(a.nested(NFTA_IMMEDIATE_DATA));
  return verdict ? Decoded(Act{std::move(*verdict)}) : std::nullopt;
}

struct Decoder {
  std::string_view name;
  Decoded (*decode)(const Attributes&);
};
constexpr std::array<Decoder, 14> kDecoders = {{
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
    {"masq", decodeMasquerade},
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

void encodeExprs(Writer& writer, const std::vector<Expr>& exprs) {
  for (const Expr& expr : exprs) {
    std::visit(Encode{writer}, expr);
  }
}

std::vector<Expr> decodeExprs(const Attributes& list) {
  std::vector<Expr> exprs;
  for (const netlink::Attribute& element : list) {
    exprs.push_back(decodeExpr(Attributes(element.payload)));
  }
  return exprs;
}

void encodeVerdict(Writer& writer, const Verdict& verdict) {
  const auto nest = writer.openNest(NFTA_DATA_VERDICT);
  writer.putBe32(NFTA_VERDICT_CODE, toKernel(kVerdicts, verdict.kind));
  if (!verdict.chain.empty()) {
    writer.putString(NFTA_VERDICT_CHAIN, verdict.chain);
  }
  writer.closeNest(nest);
}

std::optional<Verdict> decodeVerdict(const Attributes& data) {
  const Attributes verdict = data.nested(NFTA_DATA_VERDICT);
  const auto kind = fromKernel(kVerdicts, verdict.be32(NFTA_VERDICT_CODE));
  return kind ? std::optional(Verdict{*kind, std::string(verdict.text(NFTA_VERDICT_CHAIN))})
              : std::nullopt;
}

void encodeComment(Writer& writer, std::uint16_t attribute, std::uint8_t tag,
                   const std::string& comment) {
  if (comment.empty()) {
    return;
  }
  const std::string_view text = std::string_view(comment).substr(0, kMaxComment);
  std::vector<std::uint8_t> bytes{tag, static_cast<std::uint8_t>(text.size() + 1)};
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.push_back(0);
  writer.put(attribute, bytes);
}

std::string decodeComment(ByteView userdata, std::uint8_t tag) {
  while (userdata.size() >= 2 && userdata.size() >= std::size_t{2} + userdata[1]) {
    const ByteView value = userdata.subspan(2, userdata[1]);
    if (userdata[0] == tag) {
      return std::string(netlink::Attribute{0, value}.text());
    }
    userdata = userdata.subspan(std::size_t{2} + userdata[1]);
  }
  return {};
}

}  // namespace hitless::nft
