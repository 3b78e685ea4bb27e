#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/iptables/packet.h"
#include "core/iptables/rule.h"

/// What a rule asks of a packet.
namespace hitless::iptables {

using Condition = std::function<Answer(const Packet&)>;

/// Every option of the rule before its target. What cannot be known of a packet alone (members of
/// sets, limits, lots, bridge ports ...) and what is not understood answers kMaybe.
struct Conditions {
  std::vector<Condition> all;
  bool drawsLots = false;  ///< -m statistic, which `all` leaves out.
  Answer of(const Packet& packet) const;
};

Conditions conditionsOf(const Rule& rule);

/// The parts, by match; nullopt if the option is not known.
std::optional<Condition> ownCondition(const Option& option);
std::optional<Condition> addressCondition(std::string_view match, const Option& option);
std::optional<Condition> protocolCondition(std::string_view match, const Option& option);
std::optional<Condition> stateCondition(std::string_view match, const Option& option);

/// "0x4000/0x4000", "12"; the mask is all ones if there is none.
std::optional<std::pair<std::uint32_t, std::uint32_t>> markAndMask(std::string_view text);
/// IPPROTO_* of "tcp" or "6"; nullopt of what is not known.
std::optional<std::uint8_t> protocolNumber(std::string_view name);

}  // namespace hitless::iptables
