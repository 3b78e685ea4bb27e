#pragma once

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/netlink/message.h"

namespace hitless::nft {

/// Writes the expressions of one rule as iptables-nft does: all through the first register.
class Expressions {
 public:
  static constexpr std::size_t kCommentInfo = 256;  ///< struct xt_comment_info

  explicit Expressions(netlink::Bytes& out) : writer_(out) {}

  void meta(std::uint32_t key) {
    expression("meta", [&] {
      writer_.putBe32(NFTA_META_KEY, key);
      writer_.putBe32(NFTA_META_DREG, NFT_REG_1);
    });
  }
  void payload(std::uint32_t offset, std::uint32_t length) {
    expression("payload", [&] {
      writer_.putBe32(NFTA_PAYLOAD_DREG, NFT_REG_1);
      writer_.putBe32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
      writer_.putBe32(NFTA_PAYLOAD_OFFSET, offset);
      writer_.putBe32(NFTA_PAYLOAD_LEN, length);
    });
  }
  void mask(netlink::ByteView bits) {
    const netlink::Bytes zeros(bits.size());
    expression("bitwise", [&] {
      writer_.putBe32(NFTA_BITWISE_SREG, NFT_REG_1);
      writer_.putBe32(NFTA_BITWISE_DREG, NFT_REG_1);
      writer_.putBe32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(bits.size()));
      data(NFTA_BITWISE_MASK, bits);
      data(NFTA_BITWISE_XOR, zeros);
    });
  }
  void compare(bool negated, netlink::ByteView value) {
    expression("cmp", [&] {
      writer_.putBe32(NFTA_CMP_SREG, NFT_REG_1);
      writer_.putBe32(NFTA_CMP_OP, negated ? NFT_CMP_NEQ : NFT_CMP_EQ);
      data(NFTA_CMP_DATA, value);
    });
  }
  void comment(std::string_view text) {
    netlink::Bytes info(kCommentInfo);
    std::copy_n(text.begin(), std::min(text.size(), kCommentInfo - 1), info.begin());
    match("comment", 0, info);
  }
  void match(std::string_view name, std::uint8_t revision, netlink::ByteView info) {
    expression("match", [&] {
      writer_.putString(NFTA_MATCH_NAME, name);
      writer_.putBe32(NFTA_MATCH_REV, revision);
      writer_.put(NFTA_MATCH_INFO, info);
    });
  }
  void counter() {
    expression("counter", [&] {
      writer_.putBe64(NFTA_COUNTER_BYTES, 0);
      writer_.putBe64(NFTA_COUNTER_PACKETS, 0);
    });
  }
  void verdict(std::int32_t code, std::string_view chain) {
    expression("immediate", [&] {
      writer_.putBe32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      const auto outer = writer_.openNest(NFTA_IMMEDIATE_DATA);
      const auto inner = writer_.openNest(NFTA_DATA_VERDICT);
      writer_.putBe32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
      if (!chain.empty()) {
        writer_.putString(NFTA_VERDICT_CHAIN, chain);
      }
      writer_.closeNest(inner);
      writer_.closeNest(outer);
    });
  }

 private:
  template <class Body>
  void expression(std::string_view name, Body body) {
    const auto element = writer_.openNest(NFTA_LIST_ELEM);
    writer_.putString(NFTA_EXPR_NAME, name);
    const auto nest = writer_.openNest(NFTA_EXPR_DATA);
    body();
    writer_.closeNest(nest);
    writer_.closeNest(element);
  }
  void data(std::uint16_t type, netlink::ByteView bytes) {
    const auto nest = writer_.openNest(type);
    writer_.put(NFTA_DATA_VALUE, bytes);
    writer_.closeNest(nest);
  }

  netlink::Writer writer_;
};

}  // namespace hitless::nft
