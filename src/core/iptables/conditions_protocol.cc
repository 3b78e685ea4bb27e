#include <algorithm>

#include "base/text.h"
#include "core/iptables/conditions.h"

/// Conditions on ports, flags and ICMP types.
namespace hitless::iptables {

namespace {

struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// "80", "80:90", ":90", "80:"
std::optional<Range> rangeOf(std::string_view text, std::uint64_t most) {
  const auto colon = text.find(':');
  const std::string_view first = text.substr(0, colon);
  const std::string_view second = colon == std::string_view::npos ? first : text.substr(colon + 1);
  const auto low = first.empty() && colon == 0 ? std::optional<std::uint64_t>(0) : parseUint(first);
  const auto high = second.empty() && colon != std::string_view::npos
                        ? std::optional<std::uint64_t>(most)
                        : parseUint(second);
  if (!low || !high) {
    return std::nullopt;
  }
  return Range{*low, *high};
}

using PortOf = std::optional<std::uint16_t> Packet::*;

Answer inRanges(const std::optional<std::uint16_t>& port, const std::vector<Range>& ranges) {
  if (port) {
    return answer(std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
      return range.low <= *port && *port <= range.high;
    }));
  }
  const bool all = std::any_of(ranges.begin(), ranges.end(), [](const Range& range) {
    return range.low == 0 && range.high == 65535;
  });
  return all ? Answer::kYes : Answer::kMaybe;
}

std::optional<Condition> portIn(const Option& option, std::vector<PortOf> which) {
  std::vector<Range> ranges;
  for (const std::string& value : option.values) {
    for (const std::string_view part : split(value, ',')) {
      const auto range = rangeOf(part, 65535);
      if (!range) {
        return std::nullopt;
      }
      ranges.push_back(*range);
    }
  }
  return [ranges, which](const Packet& packet) {
    Answer result = Answer::kNo;
    for (const PortOf port : which) {
      const Answer one = inRanges(packet.*port, ranges);
      result = one == Answer::kYes || result == Answer::kNo ? one : result;
      if (result == Answer::kYes) {
        break;
      }
    }
    return result;
  };
}

/// "SYN,ACK", "ALL", "NONE"
std::optional<std::uint8_t> flagsOf(std::string_view list) {
  constexpr std::pair<std::string_view, std::uint8_t> kFlags[] = {
      {"FIN", 1},  {"SYN", 2},  {"RST", 4},    {"PSH", 8},
      {"ACK", 16}, {"URG", 32}, {"ALL", 0x3f}, {"NONE", 0}};
  std::uint8_t flags = 0;
  for (const std::string_view part : split(list, ',')) {
    const auto found = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [&](const auto& flag) { return flag.first == part; });
    if (found == std::end(kFlags)) {
      return std::nullopt;
    }
    flags = static_cast<std::uint8_t>(flags | found->second);
  }
  return flags;
}

Condition flagsAre(std::uint8_t mask, std::uint8_t wanted) {
  return
      [mask, wanted](const Packet& packet) { return answer((packet.tcpFlags & mask) == wanted); };
}

std::optional<Condition> tcpFlags(const Option& option) {
  if (option.values.size() != 2) {
    return std::nullopt;
  }
  const auto mask = flagsOf(option.values[0]);
  const auto wanted = flagsOf(option.values[1]);
  if (!mask || !wanted) {
    return std::nullopt;
  }
  return flagsAre(*mask, *wanted);
}

std::optional<Condition> icmpType(const Option& option) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  const std::string& name = option.values.front();
  if (name == "any" || name == "255") {
    return [](const Packet&) { return Answer::kYes; };
  }
  const bool v6 = option.name == "--icmpv6-type";
  auto number = parseUint(std::string_view(name).substr(0, name.find('/')));
  if (name == "echo-request" || name == "ping") {
    number = v6 ? 128 : 8;
  } else if (name == "echo-reply" || name == "pong") {
    number = v6 ? 129 : 0;
  } else if (name == "destination-unreachable") {
    number = v6 ? 1 : 3;
  }
  if (!number) {
    return std::nullopt;
  }
  return [type = *number](const Packet& packet) { return answer(packet.icmpType == type); };
}

bool oneOf(std::string_view name, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::optional<Condition> protocolCondition(std::string_view match, const Option& option) {
  const bool ports = oneOf(match, {"tcp", "udp", "udplite", "sctp", "dccp", "multiport"});
  if (ports && oneOf(option.name, {"--sport", "--source-port", "--sports", "--source-ports"})) {
    return portIn(option, {&Packet::sourcePort});
  }
  if (ports &&
      oneOf(option.name, {"--dport", "--destination-port", "--dports", "--destination-ports"})) {
    return portIn(option, {&Packet::destinationPort});
  }
  if (match == "multiport" && oneOf(option.name, {"--ports", "--port"})) {
    return portIn(option, {&Packet::sourcePort, &Packet::destinationPort});
  }
  if (match == "conntrack" && option.name == "--ctorigdstport") {
    return portIn(option, {&Packet::originalDestinationPort});
  }
  if (match == "tcp" && option.name == "--tcp-flags") {
    return tcpFlags(option);
  }
  if (match == "tcp" && option.name == "--syn") {
    return flagsAre(0x17, 0x02);
  }
  if (oneOf(option.name, {"--icmp-type", "--icmpv6-type"})) {
    return icmpType(option);
  }
  return std::nullopt;
}

}  // namespace hitless::iptables
