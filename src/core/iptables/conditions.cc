#include "core/iptables/conditions.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace hitless::iptables {

Answer Conditions::of(const Packet& packet) const {
  Answer result = Answer::kYes;
  for (const Condition& condition : all) {
    const Answer one = condition(packet);
    if (one == Answer::kNo) {
      return Answer::kNo;
    }
    if (one == Answer::kMaybe) {
      result = Answer::kMaybe;
    }
  }
  return result;
}

namespace {

Answer unknown(const Packet&) {
  return Answer::kMaybe;
}

std::optional<Condition> known(std::string_view match, const Option& option) {
  auto found = addressCondition(match, option);
  if (!found) {
    found = protocolCondition(match, option);
  }
  if (!found) {
    found = stateCondition(match, option);
  }
  return found;
}

void add(Conditions& to, std::optional<Condition> condition, bool negated) {
  Condition kept = condition ? *std::move(condition) : Condition(unknown);
  if (negated) {
    kept = [inner = std::move(kept)](const Packet& packet) { return !inner(packet); };
  }
  to.all.push_back(std::move(kept));
}

/// Matches that say something even without an option.
bool saysNothingAlone(std::string_view match) {
  constexpr std::string_view kPlain[] = {"comment", "tcp",   "udp",       "sctp",      "udplite",
                                         "icmp",    "icmp6", "multiport", "conntrack", "mark"};
  return std::find(std::begin(kPlain), std::end(kPlain), match) != std::end(kPlain);
}

}  // namespace

Conditions conditionsOf(const Rule& rule) {
  Conditions out;
  for (const Option& option : rule.own) {
    add(out, ownCondition(option), option.negated);
  }
  for (const Match& match : rule.matches) {
    if (match.name == "statistic") {
      out.drawsLots = true;
      continue;
    }
    if (match.name == "comment") {
      continue;
    }
    if (const auto protocol = protocolNumber(match.name)) {
      out.all.push_back(
          [number = *protocol](const Packet& packet) { return answer(packet.protocol == number); });
    }
    if (match.options.empty() && !saysNothingAlone(match.name)) {
      add(out, {}, false);
    }
    for (const Option& option : match.options) {
      add(out, known(match.name, option), option.negated);
    }
  }
  return out;
}

namespace {

std::optional<std::uint32_t> number32(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  text.remove_prefix(hex ? 2 : 0);
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<std::pair<std::uint32_t, std::uint32_t>> markAndMask(std::string_view text) {
  const auto slash = text.find('/');
  const auto value = number32(text.substr(0, slash));
  const auto mask = slash == std::string_view::npos ? std::optional<std::uint32_t>(0xffffffff)
                                                    : number32(text.substr(slash + 1));
  if (!value || !mask) {
    return std::nullopt;
  }
  return std::pair(*value, *mask);
}

std::optional<std::uint8_t> protocolNumber(std::string_view name) {
  constexpr std::pair<std::string_view, std::uint8_t> kNames[] = {
      {"icmp", 1},   {"igmp", 2},     {"ipip", 4},       {"tcp", 6},   {"udp", 17},
      {"dccp", 33},  {"ipv6", 41},    {"gre", 47},       {"esp", 50},  {"ah", 51},
      {"icmp6", 58}, {"icmpv6", 58},  {"ipv6-icmp", 58}, {"ospf", 89}, {"vrrp", 112},
      {"sctp", 132}, {"udplite", 136}};
  for (const auto& [known, number] : kNames) {
    if (known == name) {
      return number;
    }
  }
  const auto number = parseUint(name);
  return number && *number < 256 ? std::optional<std::uint8_t>(static_cast<std::uint8_t>(*number))
                                 : std::nullopt;
}

}  // namespace hitless::iptables
