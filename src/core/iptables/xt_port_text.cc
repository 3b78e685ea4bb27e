#include "core/iptables/xt_port_text.h"

#include <fmt/format.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>

#include <array>

namespace hitless::iptables::xt {
namespace {

std::string portWords(const char* option, const __u16 (&ports)[2], bool inverted) {
  if (ports[0] == 0 && ports[1] == 0xffff && !inverted) {
    return {};
  }
  return fmt::format("{} {} {}", no(inverted), option, range(ports[0], ports[1]));
}

std::string flagNames(unsigned bits) {
  constexpr std::array<std::string_view, 6> kNames{"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
  std::string text;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((bits >> bit & 1) != 0) {
      text += (text.empty() ? "" : ",") + std::string(kNames.at(bit));
    }
  }
  return text.empty() ? "NONE" : text;
}

/// ICMP's and ICMPv6's match have the same form (linux/netfilter_ipv4/ip_tables.h).
struct IcmpInfo {
  std::uint8_t type;
  std::uint8_t code[2];  ///< First and last.
  std::uint8_t invert;
};

/// xt_sctp_info of linux/netfilter/xt_sctp.h, which is no C++.
struct SctpInfo {
  std::uint16_t dpts[2];
  std::uint16_t spts[2];
  std::uint32_t chunkmap[64];  ///< 256 / sizeof(u32): four times what it needs.
  std::uint32_t chunkMatchType;
  struct {
    std::uint8_t chunktype, flag, mask;
  } flagInfo[4];
  std::int32_t flagCount;
  std::uint32_t flags;
  std::uint32_t invflags;
};
constexpr unsigned kSctpSource = 1;
constexpr unsigned kSctpDestination = 2;
constexpr unsigned kSctpChunks = 4;

/// With "ports" of pairs: pflags[i] says that i and i + 1 are a range.
std::string portList(const xt_multiport_v1& value) {
  std::string text;
  const unsigned count = std::min<unsigned>(value.count, XT_MULTI_PORTS);
  for (unsigned i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + fmt::format("{}", value.ports[i]);
    if (value.pflags[i] != 0 && i + 1 < count) {
      text += fmt::format(":{}", value.ports[++i]);
    }
  }
  return text;
}

Words multiport(const xt_multiport_v1& value) {
  constexpr std::array<std::string_view, 3> kOptions{"--sports", "--dports", "--ports"};
  if (value.flags >= kOptions.size()) {
    return std::nullopt;
  }
  return fmt::format("{} {} {}", no(value.invert != 0), kOptions.at(value.flags), portList(value));
}

}  // namespace

Words tcpWords(const Info& info) {
  const auto value = info.as<xt_tcp>();
  if (!value) {
    return std::nullopt;
  }
  std::string text = portWords("--sport", value->spts, (value->invflags & XT_TCP_INV_SRCPT) != 0) +
                     portWords("--dport", value->dpts, (value->invflags & XT_TCP_INV_DSTPT) != 0);
  const bool noOption = (value->invflags & XT_TCP_INV_OPTION) != 0;
  if (value->option != 0 || noOption) {
    text += fmt::format("{} --tcp-option {}", no(noOption), value->option);
  }
  const bool noFlags = (value->invflags & XT_TCP_INV_FLAGS) != 0;
  if (value->flg_mask != 0 || noFlags) {
    text += fmt::format("{} --tcp-flags {} {}", no(noFlags), flagNames(value->flg_mask),
                        flagNames(value->flg_cmp));
  }
  return text;
}

Words udpWords(const Info& info) {
  const auto value = info.as<xt_udp>();
  if (!value) {
    return std::nullopt;
  }
  return portWords("--sport", value->spts, (value->invflags & XT_UDP_INV_SRCPT) != 0) +
         portWords("--dport", value->dpts, (value->invflags & XT_UDP_INV_DSTPT) != 0);
}

Words sctpWords(const Info& info) {
  const auto value = info.as<SctpInfo>();
  if (!value || (value->flags & kSctpChunks) != 0) {
    return std::nullopt;
  }
  std::string text;
  const auto add = [&](unsigned bit, const char* option, const __u16(&ports)[2]) {
    if ((value->flags & bit) != 0) {
      text += fmt::format("{} {} {}", no((value->invflags & bit) != 0), option,
                          range(ports[0], ports[1]));
    }
  };
  add(kSctpSource, "--sport", value->spts);
  add(kSctpDestination, "--dport", value->dpts);
  return text;
}

Words icmpWords(const Info& info) {
  const auto value = info.as<IcmpInfo>();
  if (!value) {
    return std::nullopt;
  }
  const char* inverted = no((value->invert & 1) != 0);
  if (info.family == IpFamily::kV4 && value->type == 0xff) {
    return fmt::format("{} --icmp-type any", inverted);
  }
  std::string text =
      fmt::format("{} {} {}", inverted,
                  info.family == IpFamily::kV4 ? "--icmp-type" : "--icmpv6-type", value->type);
  if (value->code[0] != 0 || value->code[1] != 0xff) {
    text += fmt::format("/{}", value->code[0]);
  }
  return text;
}

template <>
Words multiportWords<0>(const Info& info) {
  const auto value = info.as<xt_multiport>();
  if (!value) {
    return std::nullopt;
  }
  xt_multiport_v1 newer{};
  std::memcpy(&newer, &*value, sizeof *value);
  return multiport(newer);
}

template <>
Words multiportWords<1>(const Info& info) {
  const auto value = info.as<xt_multiport_v1>();
  return value ? multiport(*value) : std::nullopt;
}

}  // namespace hitless::iptables::xt
