#include "core/iptables/xt_place_text.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_pkttype.h>
#include <net/if.h>

#include <array>
#include <utility>

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

}  // namespace

Words addrtype0Words(const Info& info) {
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

Words addrtype1Words(const Info& info) {
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

Words set1Words(const Info& info) {
  const auto value = info.as<SetInfo>();
  return value ? setWords(*value, info) : std::nullopt;
}

/// Only without conditions on the entries' counters, which nobody's rules on a node have.
Words set3Words(const Info& info) {
  const auto value = info.as<SetInfo>();
  for (std::size_t i = sizeof(SetInfo); i < info.bytes.size(); ++i) {
    if (info.bytes[i] != 0) {
      return std::nullopt;
    }
  }
  return value ? setWords(*value, info) : std::nullopt;
}

Words physdevWords(const Info& info) {
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

Words macWords(const Info& info) {
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

Words iprangeWords(const Info& info) {
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

Words ownerWords(const Info& info) {
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

Words pkttypeWords(const Info& info) {
  constexpr std::array<std::string_view, 3> kTypes{"unicast", "broadcast", "multicast"};
  const auto value = info.as<xt_pkttype_info>();
  if (!value || value->pkttype < 0 || value->pkttype >= static_cast<int>(kTypes.size())) {
    return std::nullopt;
  }
  return fmt::format("{} --pkt-type {}", no(value->invert != 0),
                     kTypes.at(static_cast<std::size_t>(value->pkttype)));
}

}  // namespace hitless::iptables::xt
