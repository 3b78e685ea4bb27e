#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_socket.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter/xt_tcpmss.h>

#include <array>
#include <utility>

#include "core/iptables/xt_place_text.h"
#include "core/iptables/xt_port_text.h"
#include "core/iptables/xt_words.h"

namespace hitless::iptables::xt {
namespace {

Words comment(const Info& info) {
  constexpr std::size_t kMost = 256;
  const std::string_view text(reinterpret_cast<const char*>(info.bytes.data()),
                              std::min(info.bytes.size(), kMost));
  return " --comment " + quoted(text.substr(0, text.find('\0')));
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

Words state(const Info& info) {
  static constexpr std::array<std::pair<unsigned, std::string_view>, 5> kStates{
      {{1U << 0, "INVALID"},
       {1U << 3, "NEW"},
       {1U << 2, "RELATED"},
       {1U << 1, "ESTABLISHED"},
       {1U << 6, "UNTRACKED"}}};
  const auto value = info.as<xt_state_info>();
  if (!value) {
    return std::nullopt;
  }
  std::string names;
  for (const auto& [bit, name] : kStates) {
    if ((value->statemask & bit) != 0) {
      names += (names.empty() ? "" : ",") + std::string(name);
    }
  }
  return " --state " + names;
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
    {"addrtype", 0, addrtype0Words},
    {"addrtype", 1, addrtype1Words},
    {"set", 1, set1Words},
    {"set", 2, set1Words},
    {"set", 3, set3Words},
    {"set", 4, set3Words},
    {"physdev", 0, physdevWords},
    {"statistic", 0, statistic},
    {"limit", 0, limit},
    {"mac", 0, macWords},
    {"iprange", 1, iprangeWords},
    {"owner", 1, ownerWords},
    {"pkttype", 0, pkttypeWords},
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
