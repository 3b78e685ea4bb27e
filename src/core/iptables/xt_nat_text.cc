#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>

#include "core/iptables/xt_words.h"

namespace hitless::iptables::xt {
namespace {

/// Each revision in the newest one's form. IPv4's revision 0 has its own structure, with a count of
/// ranges that is always 1 since Linux 2.6.11.
std::optional<nf_nat_range2> rangeOf(std::uint8_t revision, const Info& info, bool ownV4) {
  nf_nat_range2 range{};
  if (revision == 2) {
    return info.as<nf_nat_range2>();
  }
  if (revision == 1 || (revision == 0 && !ownV4)) {
    const auto old = info.as<nf_nat_range>();
    if (!old) {
      return std::nullopt;
    }
    std::memcpy(&range, &*old, sizeof *old);
    return range;
  }
  const auto old = info.as<nf_nat_ipv4_multi_range_compat>();
  if (revision != 0 || !old || old->rangesize != 1) {
    return std::nullopt;
  }
  range.flags = old->range[0].flags;
  range.min_addr.ip = old->range[0].min_ip;
  range.max_addr.ip = old->range[0].max_ip;
  range.min_proto = old->range[0].min;
  range.max_proto = old->range[0].max;
  return range;
}

std::string ports(const nf_nat_range2& nat) {
  std::string text = range(ntohs(nat.min_proto.all), ntohs(nat.max_proto.all), '-');
  if ((nat.flags & NF_NAT_RANGE_PROTO_OFFSET) != 0) {
    text += fmt::format("/{}", ntohs(nat.base_proto.all));
  }
  return text;
}

/// "10.0.0.1-10.0.0.2:80-90", "[fd00::1]:80"
std::string addresses(const nf_nat_range2& nat, IpFamily family) {
  const bool withPorts = (nat.flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0;
  std::string text;
  if ((nat.flags & NF_NAT_RANGE_MAP_IPS) != 0) {
    const IpAddress low = address(&nat.min_addr, family);
    const IpAddress high = address(&nat.max_addr, family);
    text = low == high ? low.text() : low.text() + "-" + high.text();
    if (withPorts && family == IpFamily::kV6) {
      text = "[" + text + "]";
    }
  }
  return withPorts ? text + ":" + ports(nat) : text;
}

std::string flagWords(const nf_nat_range2& nat) {
  std::string text;
  if ((nat.flags & NF_NAT_RANGE_PROTO_RANDOM) != 0) {
    text += " --random";
  }
  if ((nat.flags & NF_NAT_RANGE_PROTO_RANDOM_FULLY) != 0) {
    text += " --random-fully";
  }
  if ((nat.flags & NF_NAT_RANGE_PERSISTENT) != 0) {
    text += " --persistent";
  }
  return text;
}

}  // namespace

Words natWords(std::string_view name, std::uint8_t revision, const Info& info) {
  const auto nat = rangeOf(revision, info, info.family == IpFamily::kV4);
  if (!nat) {
    return std::nullopt;
  }
  std::string text;
  if (name == "DNAT" || name == "SNAT") {
    if ((nat->flags & (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED)) != 0) {
      text =
          (name == "DNAT" ? " --to-destination " : " --to-source ") + addresses(*nat, info.family);
    }
  } else if ((nat->flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0) {
    text = " --to-ports " + ports(*nat);
  }
  return text + flagWords(*nat);
}

}  // namespace hitless::iptables::xt
