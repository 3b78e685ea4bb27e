#include "core/netlink/policy_codec.h"

#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "core/netlink/address_codec.h"

namespace hitless::netlink {
namespace {

constexpr std::uint16_t kRequest = NLM_F_REQUEST | NLM_F_ACK;
constexpr std::uint16_t kCreate = kRequest | NLM_F_CREATE | NLM_F_EXCL;
/// The loopback interface's index in every network namespace (LOOPBACK_IFINDEX in the kernel's
/// net/flow.h).
constexpr std::uint32_t kLoopback = 1;

std::uint8_t numberOf(IpFamily family) {
  return family == IpFamily::kV4 ? kIpv4 : kIpv6;
}

Bytes ruleMessage(std::uint16_t type, std::uint16_t flags, const MarkRule& rule,
                  std::uint32_t sequence) {
  fib_rule_hdr header{};
  header.family = numberOf(rule.family);
  header.action = FR_ACT_TO_TBL;
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(type, flags, sequence);
  writer.header(header);
  writer.putU32(FRA_PRIORITY, rule.priority);
  writer.putU32(FRA_FWMARK, rule.mark);
  writer.putU32(FRA_FWMASK, rule.mark);
  writer.putU32(FRA_TABLE, rule.table);
  writer.end();
  return bytes;
}

Bytes routeMessage(std::uint16_t type, std::uint16_t flags, const LocalRoute& route,
                   std::uint32_t sequence) {
  rtmsg header{};
  header.rtm_family = numberOf(route.address.family());
  header.rtm_dst_len = static_cast<std::uint8_t>(route.address.bytes().size() * 8);
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_HOST;
  header.rtm_type = RTN_LOCAL;
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(type, flags, sequence);
  writer.header(header);
  writer.put(RTA_DST, route.address.bytes());
  writer.putU32(RTA_OIF, kLoopback);
  writer.putU32(RTA_TABLE, route.table);
  writer.end();
  return bytes;
}

}  // namespace

Bytes newRule(const MarkRule& rule, std::uint32_t sequence) {
  return ruleMessage(RTM_NEWRULE, kCreate, rule, sequence);
}

Bytes deleteRule(const MarkRule& rule, std::uint32_t sequence) {
  return ruleMessage(RTM_DELRULE, kRequest, rule, sequence);
}

Bytes newLocalRoute(const LocalRoute& route, std::uint32_t sequence) {
  return routeMessage(RTM_NEWROUTE, kCreate, route, sequence);
}

Bytes deleteLocalRoute(const LocalRoute& route, std::uint32_t sequence) {
  return routeMessage(RTM_DELROUTE, kRequest, route, sequence);
}

Bytes dumpRoutes(IpFamily family, std::uint32_t table, std::uint32_t sequence) {
  rtmsg header{};
  header.rtm_family = numberOf(family);
  Bytes bytes;
  Writer writer(bytes);
  writer.begin(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, sequence);
  writer.header(header);
  writer.putU32(RTA_TABLE, table);
  writer.end();
  return bytes;
}

std::optional<LocalRoute> localRouteOf(const Message& message) {
  const auto header = message.header<rtmsg>();
  if (message.type != RTM_NEWROUTE || !header || header->rtm_type != RTN_LOCAL) {
    return std::nullopt;
  }
  const Attributes attributes = message.attributes(sizeof(rtmsg));
  const auto address = addressFrom(header->rtm_family, attributes.payload(RTA_DST));
  if (!address || header->rtm_dst_len != address->bytes().size() * 8) {
    return std::nullopt;
  }
  return LocalRoute{*address, attributes.u32(RTA_TABLE).value_or(header->rtm_table)};
}

}  // namespace hitless::netlink
