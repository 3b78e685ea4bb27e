#include "core/netlink/address_codec.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace hitless::netlink {

std::optional<IpAddress> addressFrom(std::uint8_t family, ByteView bytes) {
  if (family == kIpv4 && bytes.size() == 4) {
    return IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 |
                         bytes[2] << 8 | bytes[3]);
  }
  if (family == kIpv6 && bytes.size() == 16) {
    std::array<std::uint8_t, 16> copy{};
    std::copy(bytes.begin(), bytes.end(), copy.begin());
    return IpAddress::v6(copy);
  }
  return std::nullopt;
}

Bytes dumpAddresses(std::uint32_t sequence) {
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sequence);
  writer.header(ifaddrmsg{});
  writer.end();
  return bytes;
}

std::optional<IpAddress> interfaceAddress(const Message& message) {
  const auto info = message.header<ifaddrmsg>();
  if (message.type != RTM_NEWADDR || !info) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(ifaddrmsg));
  const std::uint32_t flags = attributes.u32(IFA_FLAGS).value_or(info->ifa_flags);
  const bool pending = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
  if (pending || (flags & IFA_F_DADFAILED) != 0) {
    return std::nullopt;
  }
  // On a point-to-point link IFA_ADDRESS is the other end's.
  const std::uint16_t own = attributes.find(IFA_LOCAL) != nullptr ? IFA_LOCAL : IFA_ADDRESS;
  return addressFrom(info->ifa_family, attributes.payload(own));
}

bool reachable(const IpAddress& address) {
  static const Cidr kUnreachable[] = {*Cidr::parse("127.0.0.0/8"), *Cidr::parse("169.254.0.0/16"),
                                      *Cidr::parse("::1/128"), *Cidr::parse("fe80::/10")};
  return std::none_of(std::begin(kUnreachable), std::end(kUnreachable),
                      [&](const Cidr& network) { return network.contains(address); });
}

}  // namespace hitless::netlink
