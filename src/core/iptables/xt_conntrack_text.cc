#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_conntrack.h>

#include <array>
#include <utility>

#include "core/iptables/xt_words.h"

namespace hitless::iptables::xt {
namespace {

/// In libxt_conntrack.c, not in the kernel: the rule was written as -m state.
constexpr unsigned kStateAlias = 1U << 13;

using BitName = std::pair<unsigned, std::string_view>;
constexpr std::array<BitName, 7> kStates{{{1U << 0, "INVALID"},
                                          {1U << 3, "NEW"},
                                          {1U << 2, "RELATED"},
                                          {1U << 1, "ESTABLISHED"},
                                          {1U << 8, "UNTRACKED"},
                                          {1U << 6, "SNAT"},
                                          {1U << 7, "DNAT"}}};
constexpr std::array<BitName, 4> kStatuses{
    {{1U << 0, "EXPECTED"}, {1U << 1, "SEEN_REPLY"}, {1U << 2, "ASSURED"}, {1U << 3, "CONFIRMED"}}};

template <std::size_t kCount>
std::string names(unsigned bits, const std::array<BitName, kCount>& table) {
  std::string text;
  for (const auto& [bit, name] : table) {
    if ((bits & bit) != 0) {
      text += (text.empty() ? "" : ",") + std::string(name);
    }
  }
  return text;
}

struct AddressField {
  unsigned flag;
  const char* option;
  nf_inet_addr xt_conntrack_mtinfo3::*addr;
  nf_inet_addr xt_conntrack_mtinfo3::*mask;
};
constexpr std::array<AddressField, 4> kAddresses{
    {{XT_CONNTRACK_ORIGSRC, "--ctorigsrc", &xt_conntrack_mtinfo3::origsrc_addr,
      &xt_conntrack_mtinfo3::origsrc_mask},
     {XT_CONNTRACK_ORIGDST, "--ctorigdst", &xt_conntrack_mtinfo3::origdst_addr,
      &xt_conntrack_mtinfo3::origdst_mask},
     {XT_CONNTRACK_REPLSRC, "--ctreplsrc", &xt_conntrack_mtinfo3::replsrc_addr,
      &xt_conntrack_mtinfo3::replsrc_mask},
     {XT_CONNTRACK_REPLDST, "--ctrepldst", &xt_conntrack_mtinfo3::repldst_addr,
      &xt_conntrack_mtinfo3::repldst_mask}}};

struct PortField {
  unsigned flag;
  const char* option;
  __u16 xt_conntrack_mtinfo3::*low;
  __u16 xt_conntrack_mtinfo3::*high;
};
constexpr std::array<PortField, 4> kPorts{
    {{XT_CONNTRACK_ORIGSRC_PORT, "--ctorigsrcport", &xt_conntrack_mtinfo3::origsrc_port,
      &xt_conntrack_mtinfo3::origsrc_port_high},
     {XT_CONNTRACK_ORIGDST_PORT, "--ctorigdstport", &xt_conntrack_mtinfo3::origdst_port,
      &xt_conntrack_mtinfo3::origdst_port_high},
     {XT_CONNTRACK_REPLSRC_PORT, "--ctreplsrcport", &xt_conntrack_mtinfo3::replsrc_port,
      &xt_conntrack_mtinfo3::replsrc_port_high},
     {XT_CONNTRACK_REPLDST_PORT, "--ctrepldstport", &xt_conntrack_mtinfo3::repldst_port,
      &xt_conntrack_mtinfo3::repldst_port_high}}};

/// Revision 2 has one port each, in network order; revision 1 also states of one byte.
template <class Old>
std::optional<xt_conntrack_mtinfo3> upgraded(const Info& info) {
  const auto old = info.as<Old>();
  if (!old) {
    return std::nullopt;
  }
  xt_conntrack_mtinfo3 result{};
  static_assert(offsetof(Old, state_mask) == offsetof(xt_conntrack_mtinfo3, state_mask));
  std::memcpy(&result, &*old, offsetof(Old, state_mask));
  result.state_mask = old->state_mask;
  result.status_mask = old->status_mask;
  for (const PortField& field : kPorts) {
    result.*field.low = ntohs(result.*field.low);
    result.*field.high = result.*field.low;
  }
  return result;
}

std::string stateWords(const xt_conntrack_mtinfo3& info) {
  if ((info.match_flags & XT_CONNTRACK_STATE) == 0) {
    return {};
  }
  return fmt::format("{} --{} {}", no((info.invert_flags & XT_CONNTRACK_STATE) != 0),
                     (info.match_flags & kStateAlias) != 0 ? "state" : "ctstate",
                     names(info.state_mask, kStates));
}

std::string tupleWords(const xt_conntrack_mtinfo3& info, IpFamily family) {
  std::string text;
  if ((info.match_flags & XT_CONNTRACK_PROTO) != 0) {
    text += fmt::format("{} --ctproto {}", no((info.invert_flags & XT_CONNTRACK_PROTO) != 0),
                        info.l4proto);
  }
  for (const AddressField& field : kAddresses) {
    if ((info.match_flags & field.flag) != 0) {
      text += fmt::format("{} {} {}{}", no((info.invert_flags & field.flag) != 0), field.option,
                          address(&(info.*field.addr), family).text(),
                          maskText(&(info.*field.mask), family));
    }
  }
  for (const PortField& field : kPorts) {
    if ((info.match_flags & field.flag) != 0) {
      text += fmt::format("{} {} {}", no((info.invert_flags & field.flag) != 0), field.option,
                          range(info.*field.low, info.*field.high));
    }
  }
  return text;
}

std::string statusWords(const xt_conntrack_mtinfo3& info) {
  std::string text;
  if ((info.match_flags & XT_CONNTRACK_STATUS) != 0) {
    text += fmt::format("{} --ctstatus {}", no((info.invert_flags & XT_CONNTRACK_STATUS) != 0),
                        info.status_mask == 0 ? "NONE" : names(info.status_mask, kStatuses));
  }
  if ((info.match_flags & XT_CONNTRACK_EXPIRES) != 0) {
    text += fmt::format("{} --ctexpire {}", no((info.invert_flags & XT_CONNTRACK_EXPIRES) != 0),
                        range(info.expires_min, info.expires_max));
  }
  if ((info.match_flags & XT_CONNTRACK_DIRECTION) != 0) {
    text += fmt::format(" --ctdir {}",
                        (info.invert_flags & XT_CONNTRACK_DIRECTION) != 0 ? "REPLY" : "ORIGINAL");
  }
  return text;
}

std::optional<xt_conntrack_mtinfo3> read(std::uint8_t revision, const Info& info) {
  switch (revision) {
    case 1:
      return upgraded<xt_conntrack_mtinfo1>(info);
    case 2:
      return upgraded<xt_conntrack_mtinfo2>(info);
    case 3:
      return info.as<xt_conntrack_mtinfo3>();
    default:
      return std::nullopt;
  }
}

}  // namespace

Words conntrackWords(std::uint8_t revision, const Info& info) {
  const auto value = read(revision, info);
  if (!value) {
    return std::nullopt;
  }
  return stateWords(*value) + tupleWords(*value, info.family) + statusWords(*value);
}

std::string_view matchName(std::string_view name, std::uint8_t revision, const Info& info) {
  if (name != "conntrack") {
    return name;
  }
  const auto value = read(revision, info);
  return value && (value->match_flags & kStateAlias) != 0 ? "state" : name;
}

}  // namespace hitless::iptables::xt
