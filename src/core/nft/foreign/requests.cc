#include "core/nft/foreign/requests.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>

#include "core/nft/wire.h"

namespace hitless::nft {
namespace {

using netlink::Bytes;
using netlink::Writer;

constexpr std::uint16_t kDump = NLM_F_REQUEST | NLM_F_DUMP;

template <class Body>
Bytes request(std::uint16_t type, std::uint16_t flags, std::uint8_t family, std::uint32_t sequence,
              Body body) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(wire::messageType(type), flags, sequence);
  writer.header(nfgenmsg{family, NFNETLINK_V0, 0});
  body(writer);
  writer.end();
  return bytes;
}

constexpr auto kNothing = [](Writer&) {};

bool hasCompat(const RawRule& rule) {
  const netlink::Attributes list{netlink::ByteView(rule.expressions)};
  for (const netlink::Attribute& element : list) {
    const std::string_view name = netlink::Attributes(element.payload).text(NFTA_EXPR_NAME);
    if (name == "match" || name == "target") {
      return true;
    }
  }
  return false;
}

void putCompat(Writer& writer, const RawRule& rule) {
  const auto protocol = compatProtocolOf(rule);
  if (!protocol || !hasCompat(rule)) {
    return;
  }
  const std::size_t nest = writer.openNest(NFTA_RULE_COMPAT);
  writer.putBe32(NFTA_RULE_COMPAT_PROTO, protocol->number);
  writer.putBe32(NFTA_RULE_COMPAT_FLAGS, protocol->inverted ? NFT_RULE_COMPAT_F_INV : 0);
  writer.closeNest(nest);
}

}  // namespace

Bytes encodeChainDump(std::uint8_t family, std::uint32_t sequence) {
  return request(NFT_MSG_GETCHAIN, kDump, family, sequence, kNothing);
}

Bytes encodeChainGet(const ChainPlace& place, std::uint32_t sequence) {
  return request(NFT_MSG_GETCHAIN, NLM_F_REQUEST | NLM_F_ACK, place.family, sequence,
                 [&](Writer& writer) {
                   writer.putString(NFTA_CHAIN_TABLE, place.table);
                   writer.putString(NFTA_CHAIN_NAME, place.chain);
                 });
}

Bytes encodeRuleDump(const ChainPlace& place, std::uint32_t sequence) {
  return request(NFT_MSG_GETRULE, kDump, place.family, sequence, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, place.table);
    writer.putString(NFTA_RULE_CHAIN, place.chain);
  });
}

Bytes encodeTableDump(std::uint8_t family, std::uint32_t sequence) {
  return request(NFT_MSG_GETTABLE, kDump, family, sequence, kNothing);
}

Bytes encodeGenerationGet(std::uint32_t sequence) {
  return request(NFT_MSG_GETGEN, NLM_F_REQUEST | NLM_F_ACK, NFPROTO_UNSPEC, sequence, kNothing);
}

std::optional<Generation> generationOf(const netlink::Message& message) {
  if (message.type != wire::messageType(NFT_MSG_NEWGEN)) {
    return std::nullopt;
  }
  const auto attributes = message.attributes(sizeof(nfgenmsg));
  const auto id = attributes.be32(NFTA_GEN_ID);
  if (!id) {
    return std::nullopt;
  }
  return Generation{*id, attributes.be32(NFTA_GEN_PROC_PID).value_or(0),
                    std::string(attributes.text(NFTA_GEN_PROC_NAME))};
}

std::optional<TableOwner> tableOwnerOf(const netlink::Message& message) {
  const auto header = message.header<nfgenmsg>();
  if (!header || message.type != wire::messageType(NFT_MSG_NEWTABLE)) {
    return std::nullopt;
  }
  const auto attributes = message.attributes(sizeof(nfgenmsg));
  return TableOwner{header->nfgen_family, std::string(attributes.text(NFTA_TABLE_NAME)),
                    attributes.be32(NFTA_TABLE_OWNER).value_or(0)};
}

ForeignBatch::ForeignBatch(std::uint32_t firstSequence, std::uint32_t generation)
    : first_(firstSequence), sequence_(firstSequence), generation_(generation) {
  mark(NFNL_MSG_BATCH_BEGIN);
}

/// The batch's own messages speak of the subsystem in the resource id, in network byte order.
void ForeignBatch::mark(std::uint16_t type) {
  Writer writer(bytes_);
  writer.begin(type, NLM_F_REQUEST, sequence_);
  writer.header(nfgenmsg{NFPROTO_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)});
  if (type == NFNL_MSG_BATCH_BEGIN) {
    writer.putBe32(NFNL_BATCH_GENID, generation_);
  }
  writer.end();
}

template <class Body>
void ForeignBatch::message(std::uint16_t type, std::uint16_t flags, std::uint8_t family,
                           Body body) {
  lastMessage_ = bytes_.size();
  Writer writer(bytes_);
  writer.begin(wire::messageType(type), static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
               ++sequence_);
  writer.header(nfgenmsg{family, NFNETLINK_V0, 0});
  body(writer);
  writer.end();
  ++operations_;
}

void ForeignBatch::deleteRule(const ChainPlace& place, std::uint64_t handle) {
  message(NFT_MSG_DELRULE, 0, place.family, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, place.table);
    writer.putString(NFTA_RULE_CHAIN, place.chain);
    writer.putBe64(NFTA_RULE_HANDLE, handle);
  });
}

/// An empty rule comes behind the rule, which must be found for that, and goes again.
void ForeignBatch::expectRule(const ChainPlace& place, std::uint64_t handle) {
  const std::uint32_t id = ++ruleId_;
  message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, place.family, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, place.table);
    writer.putString(NFTA_RULE_CHAIN, place.chain);
    writer.putBe64(NFTA_RULE_POSITION, handle);
    writer.putBe32(NFTA_RULE_ID, id);
  });
  message(NFT_MSG_DELRULE, 0, place.family, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, place.table);
    writer.putString(NFTA_RULE_CHAIN, place.chain);
    writer.putBe32(NFTA_RULE_ID, id);
  });
}

void ForeignBatch::flushChain(const ChainPlace& place) {
  message(NFT_MSG_DELRULE, 0, place.family, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, place.table);
    writer.putString(NFTA_RULE_CHAIN, place.chain);
  });
}

void ForeignBatch::deleteChain(const ChainPlace& place) {
  message(NFT_MSG_DELCHAIN, NLM_F_NONREC, place.family, [&](Writer& writer) {
    writer.putString(NFTA_CHAIN_TABLE, place.table);
    writer.putString(NFTA_CHAIN_NAME, place.chain);
  });
}

void ForeignBatch::addChain(const ChainPlace& place) {
  message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, place.family, [&](Writer& writer) {
    writer.putString(NFTA_CHAIN_TABLE, place.table);
    writer.putString(NFTA_CHAIN_NAME, place.chain);
  });
}

void ForeignBatch::addRule(const RawRule& rule, const Position& position) {
  const int flags = NLM_F_CREATE | (position.first ? 0 : NLM_F_APPEND);
  message(NFT_MSG_NEWRULE, static_cast<std::uint16_t>(flags), rule.family, [&](Writer& writer) {
    writer.putString(NFTA_RULE_TABLE, rule.table);
    writer.putString(NFTA_RULE_CHAIN, rule.chain);
    if (position.neighbour != 0) {
      writer.putBe64(NFTA_RULE_POSITION, position.neighbour);
    }
    writer.put(NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, rule.expressions);
    if (!rule.userdata.empty()) {
      writer.put(NFTA_RULE_USERDATA, rule.userdata);
    }
    putCompat(writer, rule);
  });
}

void ForeignBatch::finish() {
  if (operations_ > 0) {
    nlmsghdr head;
    std::memcpy(&head, bytes_.data() + lastMessage_, sizeof head);
    head.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(bytes_.data() + lastMessage_, &head, sizeof head);
  }
  const std::uint32_t last = sequence_;
  ++sequence_;
  mark(NFNL_MSG_BATCH_END);
  sequence_ = last;
}

}  // namespace hitless::nft
