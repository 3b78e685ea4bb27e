#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_socket.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter/xt_tcpmss.h>
#include <net/if.h>

#include <array>
#include <utility>

#include "core/iptables/xt_port_text.h"
#include "core/iptables/xt_words.h"

namespace hitless::iptables::xt {
namespace {

struct PhysdevInfo {  // linux/netfilter/xt_physdev.h, which clashes with net/if.h.
  char in[IFNAMSIZ];
  char inMask[IFNAMSIZ];
  char out[IFNAMSIZ];
  char outMask[IFNAMSIZ];
  std::uint8_t invert;
  std::uint8_t bitmask;
};

struct SetInfo {  // xt_set_info of linux/netfilter/xt_set.h.
  std::uint16_t index;
  std::uint8_t dimensions;
  std::uint8_t flags;
};

Words comment(const Info& info) {
  const auto* text = reinterpret_cast<const char*>(info.bytes.data());
  return " --comment " +
         quoted({text, ::strnlen(text, std::min<std::size_t>(info.bytes.size(), 256))});
}

std::string markText(unsigned mark, unsigned mask) {
  return mask == 0xffffffffU ? fmt::format("{:#x}", mark) : fmt::format("{:#x}/{:#x}", mark, mask);
}

/// xt_mark_mtinfo1 and xt_connmark_mtinfo1 are the same.
Words mark(const Info& info) {
  const auto value = info.as<xt_mark_mtinfo1>();
  if (!value) {
    return std::nullopt;
  }
  return fmt::format("{} --mark {}", no(value->invert != 0), markText(value->mark, value->mask));
}

template <int kRevision>
Words conntrack(const Info& info) {
  return conntrackWords(kRevision, info);
}

using BitName = std::pair<unsigned, std::string_view>;

std::string bitNames(unsigned bits, std::span<const BitName> table) {
  std::string text;
  for (const auto& [bit, name] : table) {
    if ((bits & bit) != 0) {
      text += (text.empty() ? "" : ",") + std::string(name);
    }
  }
  return text;
}

Words state(const Info& info) {
  static constexpr std::array<BitName, 5> kStates{{{1U << 0, "INVALID"},
                                                   {1U << 3, "NEW"},
                                                   {1U << 2, "RELATED"},
                                                   {1U << 1, "ESTABLISHED"},
                                                   {1U << 6, "UNTRACKED"}}};
  const auto value = info.as<xt_state_info>();
  if (!value) {
    return std::nullopt;
  }
  return " --state " + bitNames(value->statemask, kStates);
}

std::string addressTypes(unsigned types) {
  static constexpr std::array<BitName, 12> kTypes{{{1U << 0, "UNSPEC"},
                                                   {1U << 1, "UNICAST"},
                                                   {1U << 2, "LOCAL"},
                                                   {1U << 3, "BROADCAST"},
                                                   {1U << 4, "ANYCAST"},
                                                   {1U << 5, "MULTICAST"},
                                                   {1U << 6, "BLACKHOLE"},
                                                   {1U << 7, "UNREACHABLE"},
                                                   {1U << 8, "PROHIBIT"},
                                                   {1U << 9, "THROW"},
                                                   {1U << 10, "NAT"},
                                                   {1U << 11, "XRESOLVE"}}};
  return bitNames(types, kTypes);
}

Words addrtype0(const Info& info) {
  const auto value = info.as<xt_addrtype_info>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  if (value->source != 0) {
    text +=
        fmt::format("{} --src-type {}", no(value->invert_source != 0), addressTypes(value->source));
  }
  if (value->dest != 0) {
    text += fmt::format("{} --dst-type {}", no(value->invert_dest != 0), addressTypes(value->dest));
  }
  return text;
}

Words addrtype1(const Info& info) {
  const auto value = info.as<xt_addrtype_info_v1>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  if (value->source != 0) {
    text += fmt::format("{} --src-type {}", no((value->flags & XT_ADDRTYPE_INVERT_SOURCE) != 0),
                        addressTypes(value->source));
  }
  if (value->dest != 0) {
    text += fmt::format("{} --dst-type {}", no((value->flags & XT_ADDRTYPE_INVERT_DEST) != 0),
                        addressTypes(value->dest));
  }
  if ((value->flags & XT_ADDRTYPE_LIMIT_IFACE_IN) != 0) {
    text += " --limit-iface-in";
  }
  if ((value->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT) != 0) {
    text += " --limit-iface-out";
  }
  return text;
}

/// --match-set NAME src,dst. ipset's flags: bit 0 inverts, bit N is "source" in dimension N.
Words setWords(const SetInfo& set, const Info& info) {
  if (info.sets == nullptr || set.dimensions < 1 || set.dimensions > 6) {
    return std::nullopt;
  }
  const auto name = info.sets->find(set.index);
  if (name == info.sets->end()) {
    return std::nullopt;
  }
  std::string text = fmt::format("{} --match-set {} ", no((set.flags & 1) != 0), name->second);
  for (int dimension = 1; dimension <= set.dimensions; ++dimension) {
    text += dimension == 1 ? "" : ",";
    text += (set.flags >> dimension & 1) != 0 ? "src" : "dst";
  }
  return text;
}

Words set1(const Info& info) {
  const auto value = info.as<SetInfo>();
  return value ? setWords(*value, info) : std::nullopt;
}

/// Only without conditions on the entries' counters, which nobody's rules on a node have.
Words set3(const Info& info) {
  const auto value = info.as<SetInfo>();
  for (std::size_t i = sizeof(SetInfo); i < info.bytes.size(); ++i) {
    if (info.bytes[i] != 0) {
      return std::nullopt;
    }
  }
  return value ? setWords(*value, info) : std::nullopt;
}

Words physdev(const Info& info) {
  const auto value = info.as<PhysdevInfo>();
  if (!value) {
    return std::nullopt;
  }
  std::string words;
  const auto add = [&](unsigned bit, std::string_view option, std::string_view argument) {
    if ((value->bitmask & bit) != 0) {
      words += fmt::format("{} {}{}{}", no((value->invert & bit) != 0), option,
                           argument.empty() ? "" : " ", argument);
    }
  };
  add(8, "--physdev-is-in", {});
  add(1, "--physdev-in", text(value->in));
  add(16, "--physdev-is-out", {});
  add(2, "--physdev-out", text(value->out));
  add(4, "--physdev-is-bridged", {});
  return words;
}

Words statistic(const Info& info) {
  const auto value = info.as<xt_statistic_info>();
  if (!value) {
    return std::nullopt;
  }
  const char* inverted = no((value->flags & XT_STATISTIC_INVERT) != 0);
  if (value->mode == XT_STATISTIC_MODE_RANDOM) {
    return fmt::format(" --mode random{} --probability {:.11f}", inverted,
                       1.0 * value->u.random.probability / 0x80000000U);
  }
  if (value->mode == XT_STATISTIC_MODE_NTH) {
    return fmt::format(" --mode nth{} --every {} --packet {}", inverted,
                       static_cast<std::uint64_t>(value->u.nth.every) + 1, value->u.nth.packet);
  }
  return std::nullopt;
}

/// "5/min"; `period` is the time between two packets in 1/10,000 s.
std::string rateText(std::uint32_t period) {
  constexpr std::uint32_t kScale = XT_LIMIT_SCALE;
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 4> kRates{
      {{"day", kScale * 86400}, {"hour", kScale * 3600}, {"min", kScale * 60}, {"sec", kScale}}};
  std::size_t i = 1;
  for (; i < kRates.size(); ++i) {
    const std::uint32_t unit = kRates.at(i).second;
    if (period > unit || unit / period < unit % period) {
      break;
    }
  }
  return fmt::format("{}/{}", kRates.at(i - 1).second / period, kRates.at(i - 1).first);
}

Words limit(const Info& info) {
  constexpr std::uint32_t kDefaultBurst = 5;
  const auto value = info.as<xt_rateinfo>();
  if (!value || value->avg == 0) {
    return std::nullopt;
  }
  std::string text = " --limit " + rateText(value->avg);
  if (value->burst != kDefaultBurst) {
    text += fmt::format(" --limit-burst {}", value->burst);
  }
  return text;
}

Words mac(const Info& info) {
  struct MacInfo {  // xt_mac_info of linux/netfilter/xt_mac.h.
    std::uint8_t address[6];
    std::int32_t invert;
  };
  const auto value = info.as<MacInfo>();
  if (!value) {
    return std::nullopt;
  }
  const auto& a = value->address;
  return fmt::format("{} --mac-source {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
                     no(value->invert != 0), a[0], a[1], a[2], a[3], a[4], a[5]);
}

Words iprange(const Info& info) {
  const auto value = info.as<xt_iprange_mtinfo>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  const auto add = [&](bool wanted, bool inverted, const char* option, const nf_inet_addr& low,
                       const nf_inet_addr& high) {
    if (wanted) {
      text += fmt::format("{} {} {}-{}", no(inverted), option, address(&low, info.family).text(),
                          address(&high, info.family).text());
    }
  };
  add((value->flags & IPRANGE_SRC) != 0, (value->flags & IPRANGE_SRC_INV) != 0, "--src-range",
      value->src_min, value->src_max);
  add((value->flags & IPRANGE_DST) != 0, (value->flags & IPRANGE_DST_INV) != 0, "--dst-range",
      value->dst_min, value->dst_max);
  return text;
}

Words owner(const Info& info) {
  const auto value = info.as<xt_owner_match_info>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  const auto add = [&](unsigned bit, std::string_view words) {
    if ((value->match & bit) != 0) {
      text += fmt::format("{} {}", no((value->invert & bit) != 0), words);
    }
  };
  add(XT_OWNER_SOCKET, "--socket-exists");
  add(XT_OWNER_UID, "--uid-owner " + range(value->uid_min, value->uid_max, '-'));
  add(XT_OWNER_GID, "--gid-owner " + range(value->gid_min, value->gid_max, '-'));
  add(XT_OWNER_SUPPL_GROUPS, "--suppl-groups");
  return text;
}

Words pkttype(const Info& info) {
  constexpr std::array<std::string_view, 3> kTypes{"unicast", "broadcast", "multicast"};
  const auto value = info.as<xt_pkttype_info>();
  if (!value || value->pkttype < 0 || value->pkttype >= static_cast<int>(kTypes.size())) {
    return std::nullopt;
  }
  return fmt::format("{} --pkt-type {}", no(value->invert != 0),
                     kTypes.at(static_cast<std::size_t>(value->pkttype)));
}

Words tcpmss(const Info& info) {
  const auto value = info.as<xt_tcpmss_match_info>();
  if (!value) {
    return std::nullopt;
  }
  return fmt::format("{} --mss {}", no(value->invert != 0), range(value->mss_min, value->mss_max));
}

Words length(const Info& info) {
  const auto value = info.as<xt_length_info>();
  if (!value) {
    return std::nullopt;
  }
  return fmt::format("{} --length {}", no(value->invert != 0), range(value->min, value->max));
}

Words rpfilter(const Info& info) {
  const auto value = info.as<xt_rpfilter_info>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  text += (value->flags & XT_RPFILTER_LOOSE) != 0 ? " --loose" : "";
  text += (value->flags & XT_RPFILTER_VALID_MARK) != 0 ? " --validmark" : "";
  text += (value->flags & XT_RPFILTER_ACCEPT_LOCAL) != 0 ? " --accept-local" : "";
  text += (value->flags & XT_RPFILTER_INVERT) != 0 ? " --invert" : "";
  return text;
}

Words socket(const Info& info) {
  const auto value = info.as<xt_socket_mtinfo3>();
  if (!value) {
    return std::nullopt;
  }
  std::string text;
  text += (value->flags & XT_SOCKET_TRANSPARENT) != 0 ? " --transparent" : "";
  text += (value->flags & XT_SOCKET_NOWILDCARD) != 0 ? " --nowildcard" : "";
  text += (value->flags & XT_SOCKET_RESTORESKMARK) != 0 ? " --restore-skmark" : "";
  return text;
}

constexpr Writer kMatches[] = {
    {"tcp", 0, tcpWords},
    {"udp", 0, udpWords},
    {"sctp", 0, sctpWords},
    {"icmp", 0, icmpWords},
    {"icmp6", 0, icmpWords},
    {"multiport", 0, multiportWords<0>},
    {"multiport", 1, multiportWords<1>},
    {"comment", 0, comment},
    {"mark", 1, mark},
    {"connmark", 1, mark},
    {"conntrack", 1, conntrack<1>},
    {"conntrack", 2, conntrack<2>},
    {"conntrack", 3, conntrack<3>},
    {"state", 0, state},
    {"addrtype", 0, addrtype0},
    {"addrtype", 1, addrtype1},
    {"set", 1, set1},
    {"set", 2, set1},
    {"set", 3, set3},
    {"set", 4, set3},
    {"physdev", 0, physdev},
    {"statistic", 0, statistic},
    {"limit", 0, limit},
    {"mac", 0, mac},
    {"iprange", 1, iprange},
    {"owner", 1, owner},
    {"pkttype", 0, pkttype},
    {"tcpmss", 0, tcpmss},
    {"length", 0, length},
    {"rpfilter", 0, rpfilter},
    {"socket", 1, socket},
    {"socket", 2, socket},
    {"socket", 3, socket},
};

}  // namespace

Words matchWords(std::string_view name, std::uint8_t revision, const Info& info) {
  for (const Writer& writer : kMatches) {
    if (writer.name == name && writer.revision == revision) {
      return writer.write(info);
    }
  }
  return std::nullopt;
}

}  // namespace hitless::iptables::xt
