#include "core/iptables/match_bytes.h"

#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/text.h"

namespace hitless::iptables {
namespace {

struct BitName {
  std::string_view name;
  std::uint16_t bit;
};
// XT_ADDRTYPE_*: the number of the route's type (RTN_*) as bit.
constexpr BitName kTypes[] = {{"UNICAST", 1U << 1},   {"LOCAL", 1U << 2},
                              {"BROADCAST", 1U << 3}, {"MULTICAST", 1U << 5},
                              {"BLACKHOLE", 1U << 6}, {"UNREACHABLE", 1U << 7}};
// XT_CONNTRACK_STATE_BIT of linux/netfilter/xt_conntrack.h.
constexpr BitName kStates[] = {
    {"INVALID", 1U << 0}, {"ESTABLISHED", 1U << 1}, {"RELATED", 1U << 2}, {"NEW", 1U << 3}};

/// nullopt if a name of the list is not in the table.
std::optional<std::uint16_t> bitsOf(std::string_view list, std::span<const BitName> table) {
  std::uint16_t bits = 0;
  const auto words = split(list, ',');
  for (const std::string_view word : words) {
    const auto found = std::ranges::find(table, word, &BitName::name);
    if (found == table.end()) {
      return std::nullopt;
    }
    bits = static_cast<std::uint16_t>(bits | found->bit);
  }
  return bits;
}

template <class Info>
MatchBytes bytesOf(std::uint8_t revision, const Info& info) {
  MatchBytes bytes{revision, netlink::Bytes(sizeof info)};
  std::memcpy(bytes.info.data(), &info, sizeof info);
  return bytes;
}

std::optional<MatchBytes> addressType(const Option& option) {
  const auto bits = bitsOf(option.values[0], kTypes);
  const bool source = option.name == "--src-type";
  if (!bits || (!source && option.name != "--dst-type")) {
    return std::nullopt;
  }
  xt_addrtype_info_v1 info{};
  (source ? info.source : info.dest) = *bits;
  const auto inverted = source ? XT_ADDRTYPE_INVERT_SOURCE : XT_ADDRTYPE_INVERT_DEST;
  info.flags = option.negated ? static_cast<__u32>(inverted) : 0;
  return bytesOf(1, info);
}

std::optional<MatchBytes> connectionState(const Option& option) {
  const auto bits = bitsOf(option.values[0], kStates);
  if (!bits || option.name != "--ctstate") {
    return std::nullopt;
  }
  xt_conntrack_mtinfo3 info{};
  info.match_flags = XT_CONNTRACK_STATE;
  info.invert_flags = option.negated ? XT_CONNTRACK_STATE : 0;
  info.state_mask = *bits;
  return bytesOf(3, info);
}

}  // namespace

std::optional<MatchBytes> matchBytesOf(const Match& match) {
  if (match.options.size() != 1 || match.options[0].values.size() != 1) {
    return std::nullopt;
  }
  if (match.name == "addrtype") {
    return addressType(match.options[0]);
  }
  return match.name == "conntrack" ? connectionState(match.options[0]) : std::nullopt;
}

}  // namespace hitless::iptables
