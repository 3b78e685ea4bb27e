#include "core/conntrack/codec.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>

namespace hitless::conntrack {
namespace {

using netlink::Attributes;
using netlink::Bytes;
using netlink::ByteView;
using netlink::Writer;

/// The bit of CTA_FILTER_*_FLAGS for CTA_IP_V4_SRC and CTA_IP_V6_SRC, which no header of the kernel
/// names: CTA_FILTER_F_CTA_IP_SRC of net/netfilter/nf_conntrack_netlink.c.
constexpr std::uint32_t kFilterIpSource = 1;

constexpr std::uint16_t messageType(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | message);
}

nfgenmsg familyHeader(std::uint8_t family) {
  return {family, NFNETLINK_V0, 0};
}

std::uint8_t familyOf(const Tuple& tuple) {
  return static_cast<std::uint8_t>(tuple.source.isV4() ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

void putTuple(Writer& writer, std::uint16_t type, const Tuple& tuple) {
  const bool v4 = tuple.source.isV4();
  const auto nest = writer.openNest(type);
  const auto ip = writer.openNest(CTA_TUPLE_IP);
  writer.put(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, tuple.source.bytes());
  writer.put(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, tuple.destination.bytes());
  writer.closeNest(ip);
  const auto protocol = writer.openNest(CTA_TUPLE_PROTO);
  writer.putU8(CTA_PROTO_NUM, tuple.protocol);
  writer.putBe16(CTA_PROTO_SRC_PORT, tuple.sourcePort);
  writer.putBe16(CTA_PROTO_DST_PORT, tuple.destinationPort);
  writer.closeNest(protocol);
  writer.closeNest(nest);
}

std::optional<IpAddress> addressOf(ByteView bytes) {
  if (bytes.size() == 4) {
    return IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 |
                         bytes[2] << 8 | bytes[3]);
  }
  std::array<std::uint8_t, 16> v6{};
  if (bytes.size() != v6.size()) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return IpAddress::v6(v6);
}

std::optional<Tuple> tupleOf(const Attributes& attributes) {
  const Attributes ip = attributes.nested(CTA_TUPLE_IP);
  const Attributes protocol = attributes.nested(CTA_TUPLE_PROTO);
  const bool v4 = ip.find(CTA_IP_V4_SRC) != nullptr;
  const auto source = addressOf(ip.payload(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC));
  const auto destination = addressOf(ip.payload(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST));
  const auto number = protocol.u8(CTA_PROTO_NUM);
  if (!source || !destination || !number) {
    return std::nullopt;
  }
  // ICMP has no ports: it reads as port 0.
  return Tuple{*number, *source, protocol.be16(CTA_PROTO_SRC_PORT).value_or(0), *destination,
               protocol.be16(CTA_PROTO_DST_PORT).value_or(0)};
}

template <class Body>
Bytes message(std::uint16_t type, std::uint16_t flags, std::uint8_t family, std::uint32_t sequence,
              Body body) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(messageType(type), flags, sequence);
  writer.header(familyHeader(family));
  body(writer);
  writer.end();
  return bytes;
}

}  // namespace

Bytes encodeGet(const Tuple& original, std::uint32_t sequence) {
  return message(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_ACK, familyOf(original), sequence,
                 [&](Writer& writer) { putTuple(writer, CTA_TUPLE_ORIG, original); });
}

Bytes encodeDelete(const Flow& flow, std::uint32_t sequence) {
  return message(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, familyOf(flow.original), sequence,
                 [&](Writer& writer) {
                   putTuple(writer, CTA_TUPLE_ORIG, flow.original);
                   if (flow.id != 0) {
                     writer.putBe32(CTA_ID, flow.id);
                   }
                 });
}

Bytes encodeClearLabel(const Flow& flow, unsigned label, std::uint32_t sequence) {
  Flow only;
  only.setLabel(label);
  // Without NLM_F_CREATE: a flow that is gone is not to come back.
  return message(IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_ACK, familyOf(flow.original), sequence,
                 [&](Writer& writer) {
                   putTuple(writer, CTA_TUPLE_ORIG, flow.original);
                   writer.put(CTA_LABELS, decltype(flow.labels){});
                   writer.put(CTA_LABELS_MASK, only.labels);
                 });
}

Bytes encodeDump(std::uint32_t sequence) {
  return message(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, NFPROTO_UNSPEC, sequence,
                 [](Writer&) {});
}

Bytes encodeDumpAnsweredBy(const IpAddress& address, std::uint32_t sequence) {
  const auto family = static_cast<std::uint8_t>(address.isV4() ? NFPROTO_IPV4 : NFPROTO_IPV6);
  return message(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, family, sequence,
                 [&](Writer& writer) {
                   if (!address.isV4()) {
                     return;
                   }
                   const auto reply = writer.openNest(CTA_TUPLE_REPLY);
                   const auto ip = writer.openNest(CTA_TUPLE_IP);
                   writer.put(CTA_IP_V4_SRC, address.bytes());
                   writer.closeNest(ip);
                   writer.closeNest(reply);
                   const auto filter = writer.openNest(CTA_FILTER);
                   writer.putU32(CTA_FILTER_REPLY_FLAGS, kFilterIpSource);
                   writer.closeNest(filter);
                 });
}

Bytes encodeFlow(const Flow& flow, std::uint32_t sequence) {
  return message(IPCTNL_MSG_CT_NEW, 0, familyOf(flow.original), sequence, [&](Writer& writer) {
    putTuple(writer, CTA_TUPLE_ORIG, flow.original);
    putTuple(writer, CTA_TUPLE_REPLY, flow.reply);
    writer.putBe32(CTA_STATUS, flow.status);
    if (flow.labels != decltype(flow.labels){}) {
      writer.put(CTA_LABELS, flow.labels);
    }
    if (flow.tcpState) {
      const auto info = writer.openNest(CTA_PROTOINFO);
      const auto tcp = writer.openNest(CTA_PROTOINFO_TCP);
      writer.putU8(CTA_PROTOINFO_TCP_STATE, static_cast<std::uint8_t>(*flow.tcpState));
      writer.closeNest(tcp);
      writer.closeNest(info);
    }
    if (flow.id != 0) {
      writer.putBe32(CTA_ID, flow.id);
    }
  });
}

std::optional<Flow> decodeFlow(const netlink::Message& message) {
  if (message.type != messageType(IPCTNL_MSG_CT_NEW) &&
      message.type != messageType(IPCTNL_MSG_CT_DELETE)) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(nfgenmsg));
  const auto original = tupleOf(attributes.nested(CTA_TUPLE_ORIG));
  const auto reply = tupleOf(attributes.nested(CTA_TUPLE_REPLY));
  if (!original || !reply) {
    return std::nullopt;
  }
  Flow flow{*original, *reply, std::nullopt, attributes.be32(CTA_STATUS).value_or(0),
            attributes.be32(CTA_ID).value_or(0)};
  const Attributes tcp = attributes.nested(CTA_PROTOINFO).nested(CTA_PROTOINFO_TCP);
  if (const auto state = tcp.u8(CTA_PROTOINFO_TCP_STATE)) {
    flow.tcpState = static_cast<TcpState>(*state);
  }
  const auto labels = attributes.payload(CTA_LABELS);
  std::copy_n(labels.begin(), std::min(labels.size(), flow.labels.size()), flow.labels.begin());
  return flow;
}

}  // namespace hitless::conntrack
