#include "core/doctor/links_codec.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "core/netlink/address_codec.h"

namespace hitless::doctor {
namespace {

using netlink::Attributes;
using netlink::Bytes;
using netlink::Message;
using netlink::Writer;

template <class Header>
Bytes dumpOf(std::uint16_t type, const Header& header, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(type, NLM_F_REQUEST | NLM_F_DUMP, sequence);
  writer.header(header);
  writer.end();
  return bytes;
}

Bytes namespaceQuestion(std::uint16_t attribute, std::uint32_t value, std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(RTM_GETNSID, NLM_F_REQUEST | NLM_F_ACK, sequence);
  writer.header(rtgenmsg{});
  writer.putU32(attribute, value);
  writer.end();
  return bytes;
}

std::optional<IpAddress> firstAddress(const Attributes& attributes,
                                      std::initializer_list<std::uint16_t> types) {
  for (const std::uint16_t type : types) {
    const auto bytes = attributes.payload(type);
    const std::uint8_t family = bytes.size() == 4 ? netlink::kIpv4 : netlink::kIpv6;
    if (const auto address = netlink::addressFrom(family, bytes)) {
      return address;
    }
  }
  return std::nullopt;
}

/// What a tunnel tells about its outside.
void readTunnel(const Attributes& data, Interface& into) {
  if (into.kind == "vxlan") {
    into.lower = data.u32(IFLA_VXLAN_LINK).value_or(into.lower);
    into.local = firstAddress(data, {IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6});
  } else if (into.kind == "ipip" || into.kind == "sit" || into.kind == "ip6tnl") {
    into.lower = data.u32(IFLA_IPTUN_LINK).value_or(into.lower);
    into.local = firstAddress(data, {IFLA_IPTUN_LOCAL});
  }
  if (into.local == IpAddress()) {
    into.local = std::nullopt;  // 0.0.0.0: whichever routing gives.
  }
}

/// The first hop of a route with several (rtnetlink(7), RTA_MULTIPATH).
void readFirstHop(netlink::ByteView hops, std::uint8_t family, RouteEntry& into) {
  rtnexthop head{};
  if (hops.size() < sizeof head) {
    return;
  }
  std::memcpy(&head, hops.data(), sizeof head);
  into.interface = static_cast<std::uint32_t>(std::max(head.rtnh_ifindex, 0));
  if (head.rtnh_len >= sizeof head && head.rtnh_len <= hops.size()) {
    const Attributes inner(hops.subspan(sizeof head, head.rtnh_len - sizeof head));
    into.gateway = netlink::addressFrom(family, inner.payload(RTA_GATEWAY));
  }
}

std::optional<Cidr> destinationOf(const rtmsg& header, const Attributes& attributes) {
  if (header.rtm_family != netlink::kIpv4 && header.rtm_family != netlink::kIpv6) {
    return std::nullopt;
  }
  const bool v4 = header.rtm_family == netlink::kIpv4;
  if (header.rtm_dst_len > (v4 ? 32 : 128)) {
    return std::nullopt;
  }
  const auto address = netlink::addressFrom(header.rtm_family, attributes.payload(RTA_DST));
  if (!address && header.rtm_dst_len > 0) {
    return std::nullopt;
  }
  return Cidr{address.value_or(v4 ? IpAddress() : IpAddress::v6({})), header.rtm_dst_len};
}

}  // namespace

Bytes dumpInterfaces(std::uint32_t sequence) {
  return dumpOf(RTM_GETLINK, ifinfomsg{}, sequence);
}

Bytes dumpMainRoutes(IpFamily family, std::uint32_t sequence) {
  rtmsg header{};
  header.rtm_family = family == IpFamily::kV4 ? netlink::kIpv4 : netlink::kIpv6;
  header.rtm_table = RT_TABLE_MAIN;
  return dumpOf(RTM_GETROUTE, header, sequence);
}

Bytes dumpNeighbours(std::uint32_t sequence) {
  return dumpOf(RTM_GETNEIGH, ndmsg{}, sequence);
}

Bytes getNamespaceId(std::uint32_t pid, std::uint32_t sequence) {
  return namespaceQuestion(NETNSA_PID, pid, sequence);
}

Bytes getNamespaceIdOfFile(std::uint32_t fd, std::uint32_t sequence) {
  return namespaceQuestion(NETNSA_FD, fd, sequence);
}

std::optional<Interface> interfaceFrom(const Message& message) {
  const auto header = message.header<ifinfomsg>();
  if (message.type != RTM_NEWLINK || !header || header->ifi_index <= 0) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(ifinfomsg));
  Interface one;
  one.index = static_cast<std::uint32_t>(header->ifi_index);
  one.name = attributes.text(IFLA_IFNAME);
  one.mtu = attributes.u32(IFLA_MTU).value_or(0);
  one.master = attributes.u32(IFLA_MASTER).value_or(0);
  one.up = (header->ifi_flags & IFF_UP) != 0;
  one.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  const Attributes info = attributes.nested(IFLA_LINKINFO);
  one.kind = info.text(IFLA_INFO_KIND);
  if (const auto id = attributes.u32(IFLA_LINK_NETNSID); id && *id <= INT32_MAX) {
    one.peerNetns = static_cast<std::int32_t>(*id);
  }
  // A veth's IFLA_LINK is its other end, which no packet is put into another one for.
  if (one.kind != "veth") {
    one.lower = attributes.u32(IFLA_LINK).value_or(0);
  }
  readTunnel(info.nested(IFLA_INFO_DATA), one);
  return one.name.empty() ? std::nullopt : std::optional(std::move(one));
}

std::optional<InterfaceAddress> addressFrom(const Message& message) {
  const auto header = message.header<ifaddrmsg>();
  if (message.type != RTM_NEWADDR || !header) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(ifaddrmsg));
  const std::uint16_t own = attributes.find(IFA_LOCAL) != nullptr ? IFA_LOCAL : IFA_ADDRESS;
  const auto address = netlink::addressFrom(header->ifa_family, attributes.payload(own));
  if (!address || header->ifa_prefixlen > address->bytes().size() * 8) {
    return std::nullopt;
  }
  return InterfaceAddress{header->ifa_index, {*address, header->ifa_prefixlen}};
}

std::optional<RouteEntry> routeFrom(const Message& message) {
  const auto header = message.header<rtmsg>();
  if (message.type != RTM_NEWROUTE || !header || (header->rtm_flags & RTM_F_CLONED) != 0) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(rtmsg));
  const auto destination = destinationOf(*header, attributes);
  if (!destination || attributes.u32(RTA_TABLE).value_or(header->rtm_table) != RT_TABLE_MAIN) {
    return std::nullopt;
  }
  RouteEntry one{*destination,
                 netlink::addressFrom(header->rtm_family, attributes.payload(RTA_GATEWAY)),
                 attributes.u32(RTA_OIF).value_or(0), false};
  one.blackhole = header->rtm_type == RTN_BLACKHOLE || header->rtm_type == RTN_UNREACHABLE ||
                  header->rtm_type == RTN_PROHIBIT;
  if (header->rtm_type != RTN_UNICAST && !one.blackhole) {
    return std::nullopt;
  }
  if (attributes.find(RTA_MULTIPATH) != nullptr) {
    readFirstHop(attributes.payload(RTA_MULTIPATH), header->rtm_family, one);
  }
  return one;
}

std::optional<Neighbour> neighbourFrom(const Message& message) {
  const auto header = message.header<ndmsg>();
  if (message.type != RTM_NEWNEIGH || !header || header->ndm_ifindex <= 0) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(ndmsg));
  const auto address = netlink::addressFrom(header->ndm_family, attributes.payload(NDA_DST));
  if (!address) {
    return std::nullopt;
  }
  return Neighbour{static_cast<std::uint32_t>(header->ndm_ifindex), *address, header->ndm_state};
}

std::optional<std::int32_t> namespaceIdFrom(const Message& message) {
  if (message.type != RTM_NEWNSID) {
    return std::nullopt;
  }
  const auto id = message.attributes(sizeof(rtgenmsg)).u32(NETNSA_NSID);
  return id && *id <= INT32_MAX ? std::optional(static_cast<std::int32_t>(*id)) : std::nullopt;
}

}  // namespace hitless::doctor
