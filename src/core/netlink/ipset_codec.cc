#include "core/netlink/ipset_codec.h"

#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

namespace hitless::netlink {
namespace {

/// Of one message of members: well below what a socket's buffer takes.
constexpr std::size_t kMaxMembersMessage = 32 * 1024;

constexpr std::uint16_t messageType(std::uint16_t command) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_IPSET << 8 | command);
}

void begin(Writer& writer, std::uint16_t command, std::uint16_t flags, std::uint32_t sequence) {
  writer.begin(messageType(command), static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags),
               sequence);
  writer.header(nfgenmsg{NFPROTO_IPV4, NFNETLINK_V0, 0});
  writer.putU8(IPSET_ATTR_PROTOCOL, kIpsetProtocol);
}

/// Attributes of a set's IPSET_ATTR_DATA that the kernel tells and does not take.
bool isTold(std::uint16_t type) {
  return type == IPSET_ATTR_ELEMENTS || type == IPSET_ATTR_REFERENCES || type == IPSET_ATTR_MEMSIZE;
}

bool isAddress(std::uint16_t type) {
  return type == IPSET_ATTR_IP || type == IPSET_ATTR_IP_TO || type == IPSET_ATTR_IP2 ||
         type == IPSET_ATTR_IP2_TO;
}

/// The kernel lists addresses without the byte-order flag and takes them only with it
/// (ip_set_core.c, ip_set_get_ipaddr4()).
void markByteOrder(std::span<std::uint8_t> addresses) {
  while (addresses.size() >= NLA_HDRLEN) {
    nlattr head;
    std::memcpy(&head, addresses.data(), sizeof head);
    if (head.nla_len < NLA_HDRLEN || head.nla_len > addresses.size()) {
      return;
    }
    head.nla_type |= NLA_F_NET_BYTEORDER;
    std::memcpy(addresses.data(), &head, sizeof head);
    addresses = addresses.subspan(std::min<std::size_t>(NLA_ALIGN(head.nla_len), addresses.size()));
  }
}

/// Heads are kept as they are: without their flags the kernel refuses numbers.
void appendWhole(Bytes& out, ByteView from, bool (*leaveOut)(std::uint16_t type)) {
  while (from.size() >= NLA_HDRLEN) {
    nlattr head;
    std::memcpy(&head, from.data(), sizeof head);
    if (head.nla_len < NLA_HDRLEN || head.nla_len > from.size()) {
      return;
    }
    const std::size_t padded = std::min<std::size_t>(NLA_ALIGN(head.nla_len), from.size());
    const auto type = static_cast<std::uint16_t>(head.nla_type & NLA_TYPE_MASK);
    if (!leaveOut(type)) {
      const std::size_t start = out.size();
      out.insert(out.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(padded));
      if (isAddress(type)) {
        markByteOrder(std::span(out).subspan(start + NLA_HDRLEN, head.nla_len - NLA_HDRLEN));
      }
      out.resize(NLA_ALIGN(out.size()));
    }
    from = from.subspan(padded);
  }
}

bool nothing(std::uint16_t) {
  return false;
}

}  // namespace

Bytes listSets(std::string_view name, bool members, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  begin(writer, IPSET_CMD_LIST, NLM_F_DUMP, sequence);
  if (!name.empty()) {
    writer.putString(IPSET_ATTR_SETNAME, name);
  }
  if (!members) {
    writer.putBe32(static_cast<std::uint16_t>(IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER),
                   IPSET_FLAG_LIST_HEADER);
  }
  writer.end();
  return bytes;
}

std::optional<ListedSet> listedSet(const Message& message) {
  if (message.type != messageType(IPSET_CMD_LIST)) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(nfgenmsg));
  ListedSet set;
  set.name = attributes.text(IPSET_ATTR_SETNAME);
  if (set.name.empty()) {
    return std::nullopt;
  }
  set.type = attributes.text(IPSET_ATTR_TYPENAME);
  set.revision = attributes.u8(IPSET_ATTR_REVISION).value_or(0);
  set.family = attributes.u8(IPSET_ATTR_FAMILY).value_or(0);
  const Attributes data = attributes.nested(IPSET_ATTR_DATA);
  set.references = data.be32(IPSET_ATTR_REFERENCES).value_or(0);
  set.elements = data.be32(IPSET_ATTR_ELEMENTS).value_or(0);
  set.memory = data.be32(IPSET_ATTR_MEMSIZE).value_or(0);
  set.maxElements = data.be32(IPSET_ATTR_MAXELEM).value_or(0);
  appendWhole(set.made, attributes.payload(IPSET_ATTR_DATA), isTold);
  const Attributes members = attributes.nested(IPSET_ATTR_ADT);
  for (const Attribute& member : members) {
    if (member.type == IPSET_ATTR_DATA) {
      appendWhole(set.members.emplace_back(), member.payload, nothing);
    }
  }
  return set;
}

Bytes createSet(const ListedSet& set, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  begin(writer, IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL, sequence);
  writer.putString(IPSET_ATTR_SETNAME, set.name);
  writer.putString(IPSET_ATTR_TYPENAME, set.type);
  writer.putU8(IPSET_ATTR_REVISION, set.revision);
  writer.putU8(IPSET_ATTR_FAMILY, set.family);
  writer.put(IPSET_ATTR_DATA | NLA_F_NESTED, set.made);
  writer.end();
  return bytes;
}

Bytes addMembers(const ListedSet& set, std::size_t from, std::size_t& next,
                 std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  begin(writer, IPSET_CMD_ADD, 0, sequence);
  writer.putString(IPSET_ATTR_SETNAME, set.name);
  writer.putU32(IPSET_ATTR_LINENO, 0);
  const auto list = writer.openNest(IPSET_ATTR_ADT);
  for (next = from; next < set.members.size(); ++next) {
    if (next > from && bytes.size() + set.members[next].size() > kMaxMembersMessage) {
      break;
    }
    writer.put(IPSET_ATTR_DATA | NLA_F_NESTED, set.members[next]);
  }
  writer.closeNest(list);
  writer.end();
  return bytes;
}

Bytes destroySet(std::string_view name, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  // Without NLM_F_EXCL a set that is not there would be destroyed well (flag_exist()).
  begin(writer, IPSET_CMD_DESTROY, NLM_F_EXCL, sequence);
  writer.putString(IPSET_ATTR_SETNAME, name);
  writer.end();
  return bytes;
}

ListedSet hashOfAddresses(std::string_view name, std::uint32_t maxElements) {
  ListedSet set;
  set.name = name;
  set.type = "hash:ip";
  set.family = NFPROTO_IPV4;
  set.maxElements = maxElements;
  Writer writer(set.made);
  writer.putBe32(static_cast<std::uint16_t>(IPSET_ATTR_MAXELEM | NLA_F_NET_BYTEORDER), maxElements);
  return set;
}

Bytes addressMember(std::uint32_t hostOrder) {
  Bytes bytes;
  Writer writer(bytes);
  const auto address = writer.openNest(IPSET_ATTR_IP);
  writer.putBe32(static_cast<std::uint16_t>(IPSET_ATTR_IPADDR_IPV4 | NLA_F_NET_BYTEORDER),
                 hostOrder);
  writer.closeNest(address);
  return bytes;
}

}  // namespace hitless::netlink
