#include <linux/netfilter/nf_nat.h>

#include "core/nft/expr_codec.h"
#include "core/nft/expr_numbers.h"

namespace hitless::nft {
namespace {

using netlink::ByteView;
using netlink::Writer;

/// After how many packets a log group's listener is told.
constexpr std::uint16_t kAtOnce = 1;

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
  void operator()(const WriteTransport& e) {
    expr("payload", [&] {
      w.putBe32(NFTA_PAYLOAD_SREG, numberOf(e.from));
      w.putBe32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
      w.putBe32(NFTA_PAYLOAD_OFFSET, e.offset);
      w.putBe32(NFTA_PAYLOAD_LEN, e.length);
      w.putBe32(NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
      w.putBe32(NFTA_PAYLOAD_CSUM_OFFSET, e.checksum);
    });
  }
  void operator()(const Constant& e) {
    expr("immediate", [&] {
      w.putBe32(NFTA_IMMEDIATE_DREG, numberOf(e.to));
      putData(w, NFTA_IMMEDIATE_DATA, e.value.bytes());
    });
  }
  void operator()(const AddLabels& e) {
    expr("ct", [&] {
      w.putBe32(NFTA_CT_KEY, NFT_CT_LABELS);
      w.putBe32(NFTA_CT_SREG, numberOf(e.from));
    });
  }
  void operator()(const Ct& e) {
    expr("ct", [&] {
      w.putBe32(NFTA_CT_DREG, numberOf(e.to));
      const CtRow& row = kCtKeys[static_cast<std::size_t>(e.key)];
      w.putBe32(NFTA_CT_KEY, row.kernel);
      if (row.direction) {
        w.putU8(NFTA_CT_DIRECTION, *row.direction);
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
      if (e.port) {
        w.putBe32(NFTA_NAT_REG_PROTO_MIN, numberOf(*e.port));
      }
    });
  }
  void operator()(const Redirect& e) {
    expr("redir", [&] { w.putBe32(NFTA_REDIR_REG_PROTO_MIN, numberOf(e.port)); });
  }
  void operator()(const Masquerade&) {
    expr("masq", [&] { w.putBe32(NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY); });
  }
  void operator()(const Log& e) {
    expr("log", [&] {
      w.putBe16(NFTA_LOG_GROUP, e.group);
      w.putBe32(NFTA_LOG_SNAPLEN, e.snaplen);
      w.putBe16(NFTA_LOG_QTHRESHOLD, kAtOnce);
    });
  }
  void operator()(const Reject& e) {
    expr("reject", [&] {
      const bool reset = e.with == Reject::With::kTcpReset;
      w.putBe32(NFTA_REJECT_TYPE, reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
      w.putU8(NFTA_REJECT_ICMP_CODE,
              reset ? std::uint8_t{0} : static_cast<std::uint8_t>(toKernel(kUnreachables, e.with)));
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

}  // namespace

void encodeExprs(Writer& writer, const std::vector<Expr>& exprs) {
  for (const Expr& expr : exprs) {
    std::visit(Encode{writer}, expr);
  }
}

void encodeVerdict(Writer& writer, const Verdict& verdict) {
  const auto nest = writer.openNest(NFTA_DATA_VERDICT);
  writer.putBe32(NFTA_VERDICT_CODE, toKernel(kVerdicts, verdict.kind));
  if (!verdict.chain.empty()) {
    writer.putString(NFTA_VERDICT_CHAIN, verdict.chain);
  }
  writer.closeNest(nest);
}

}  // namespace hitless::nft
