#include "core/netlink/link_codec.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace hitless::netlink {
namespace {

constexpr std::uint16_t kRequest = NLM_F_REQUEST | NLM_F_ACK;
constexpr std::uint16_t kCreate = kRequest | NLM_F_CREATE | NLM_F_EXCL;

std::uint8_t familyOf(const IpAddress& address) {
  return static_cast<std::uint8_t>(address.isV4() ? AF_INET : AF_INET6);
}

/// A whole link message: header, name, then whatever `more` adds.
template <class More>
Bytes linkMessage(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                  const ifinfomsg& info, std::string_view name, More more) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(type, flags, sequence);
  writer.header(info);
  if (!name.empty()) {
    writer.putString(IFLA_IFNAME, name);
  }
  more(writer);
  writer.end();
  return bytes;
}

/// IFLA_LINKINFO of the kind, with the kind's own attributes added by `data`.
template <class Data>
void putLinkInfo(Writer& writer, std::string_view kind, Data data) {
  const auto info = writer.openNest(IFLA_LINKINFO);
  writer.putString(IFLA_INFO_KIND, kind);
  const auto nest = writer.openNest(IFLA_INFO_DATA);
  data();
  writer.closeNest(nest);
  writer.closeNest(info);
}

void putAddress(Writer& writer, std::uint16_t type, const IpAddress& address) {
  writer.put(type, address.bytes());
}

Bytes routeMessage(std::uint16_t type, std::uint16_t flags, const Route& route,
                   std::uint32_t sequence) {
  const bool adding = type == RTM_NEWROUTE;
  rtmsg info{};
  info.rtm_family = familyOf(route.destination.address);
  info.rtm_dst_len = route.destination.length;
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = adding ? RTPROT_STATIC : RTPROT_UNSPEC;
  info.rtm_scope =
      !adding ? RT_SCOPE_NOWHERE : (route.gateway != nullptr ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
  info.rtm_type = adding ? RTN_UNICAST : RTN_UNSPEC;
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(type, flags, sequence);
  writer.header(info);
  if (route.destination.length > 0) {
    putAddress(writer, RTA_DST, route.destination.masked().address);
  }
  if (route.gateway != nullptr) {
    putAddress(writer, RTA_GATEWAY, *route.gateway);
  }
  if (route.device != 0) {
    writer.putU32(RTA_OIF, route.device);
  }
  writer.end();
  return bytes;
}

}  // namespace

Bytes newBridge(std::string_view name, std::uint32_t sequence) {
  return linkMessage(RTM_NEWLINK, kCreate, sequence, {}, name, [](Writer& writer) {
    putLinkInfo(writer, "bridge", [&] {
      writer.putU32(IFLA_BR_FORWARD_DELAY, 0);
      writer.putU32(IFLA_BR_STP_STATE, 0);
    });
  });
}

Bytes newVeth(std::string_view name, std::string_view peer, int peerNetns, std::uint32_t sequence) {
  return linkMessage(RTM_NEWLINK, kCreate, sequence, {}, name, [&](Writer& writer) {
    putLinkInfo(writer, "veth", [&] {
      const auto nest = writer.openNest(VETH_INFO_PEER);
      writer.header(ifinfomsg{});
      writer.putString(IFLA_IFNAME, peer);
      if (peerNetns >= 0) {
        writer.putU32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peerNetns));
      }
      writer.closeNest(nest);
    });
  });
}

Bytes setLinkUp(std::string_view name, std::uint32_t sequence) {
  ifinfomsg info{};
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  return linkMessage(RTM_NEWLINK, kRequest, sequence, info, name, [](Writer&) {});
}

Bytes setLinkDown(std::string_view name, std::uint32_t sequence) {
  ifinfomsg info{};
  info.ifi_change = IFF_UP;
  return linkMessage(RTM_NEWLINK, kRequest, sequence, info, name, [](Writer&) {});
}

Bytes setLinkMaster(std::string_view name, std::uint32_t masterIndex, std::uint32_t sequence) {
  return linkMessage(RTM_NEWLINK, kRequest, sequence, {}, name,
                     [&](Writer& writer) { writer.putU32(IFLA_MASTER, masterIndex); });
}

Bytes setPortHairpin(std::uint32_t portIndex, bool on, std::uint32_t sequence) {
  ifinfomsg info{};
  info.ifi_family = AF_BRIDGE;
  info.ifi_index = static_cast<int>(portIndex);
  return linkMessage(RTM_SETLINK, kRequest, sequence, info, {}, [&](Writer& writer) {
    const auto nest = writer.openNest(IFLA_PROTINFO);
    writer.putU8(IFLA_BRPORT_MODE, on ? BRIDGE_MODE_HAIRPIN : 0);
    writer.closeNest(nest);
  });
}

Bytes deleteLink(std::string_view name, std::uint32_t sequence) {
  return linkMessage(RTM_DELLINK, kRequest, sequence, {}, name, [](Writer&) {});
}

Bytes getLink(std::string_view name, std::uint32_t sequence) {
  return linkMessage(RTM_GETLINK, kRequest, sequence, {}, name, [](Writer&) {});
}

Bytes newAddress(std::uint32_t index, const Cidr& address, std::uint32_t sequence) {
  ifaddrmsg info{};
  info.ifa_family = familyOf(address.address);
  info.ifa_prefixlen = address.length;
  info.ifa_flags = address.address.isV4() ? 0 : IFA_F_NODAD;
  info.ifa_index = index;
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(RTM_NEWADDR, kCreate, sequence);
  writer.header(info);
  putAddress(writer, IFA_LOCAL, address.address);
  putAddress(writer, IFA_ADDRESS, address.address);
  if (address.address.isV4() && address.length < 31) {
    const std::uint32_t hostBits = 0xffffffffU >> address.length;
    putAddress(writer, IFA_BROADCAST, IpAddress::v4(address.address.v4HostOrder() | hostBits));
  }
  writer.end();
  return bytes;
}

Bytes newRoute(const Route& route, std::uint32_t sequence) {
  return routeMessage(RTM_NEWROUTE, kCreate, route, sequence);
}

Bytes deleteRoute(const Cidr& destination, std::uint32_t sequence) {
  return routeMessage(RTM_DELROUTE, kRequest, {destination, nullptr, 0}, sequence);
}

std::uint32_t linkIndexOf(const Message& message) {
  const auto info = message.header<ifinfomsg>();
  return message.type == RTM_NEWLINK && info ? static_cast<std::uint32_t>(info->ifi_index) : 0;
}

}  // namespace hitless::netlink
