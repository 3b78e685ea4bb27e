#include "core/iptables/effect.h"

#include <algorithm>

#include "base/text.h"
#include "core/iptables/conditions.h"

namespace hitless::iptables {

namespace {

const Option* targetOption(const Rule& rule, std::string_view name) {
  for (const Option& option : rule.targetOptions) {
    if (option.name == name) {
      return &option;
    }
  }
  return nullptr;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> numbers(const Rule& rule,
                                                               std::string_view name) {
  const Option* option = targetOption(rule, name);
  return option == nullptr || option->values.empty() ? std::nullopt
                                                     : markAndMask(option->values.front());
}

/// The value and the mask that xt_MARK computes with, of any of its spellings (libxt_MARK.c).
std::optional<std::pair<std::uint32_t, std::uint32_t>> setAndMask(const Rule& rule) {
  if (const auto exact = numbers(rule, "--set-xmark")) {
    return exact;
  }
  if (const auto set = numbers(rule, "--set-mark")) {
    return std::pair(set->first, set->first | set->second);
  }
  if (const auto kept = numbers(rule, "--and-mark")) {
    return std::pair(0U, ~kept->first);
  }
  if (const auto added = numbers(rule, "--or-mark")) {
    return std::pair(added->first, added->first);
  }
  if (const auto flipped = numbers(rule, "--xor-mark")) {
    return std::pair(flipped->first, 0U);
  }
  return std::nullopt;
}

std::string spelt(const Rule& rule) {
  std::string out = rule.target;
  for (const Option& option : rule.targetOptions) {
    out += ' ' + option.name;
    for (const std::string& value : option.values) {
      out += ' ' + value;
    }
  }
  return out;
}

Effect markOf(const Rule& rule, Bits Packet::*which) {
  Effect effect{Effect::Kind::kContinue, spelt(rule), {}};
  const auto set = setAndMask(rule);
  effect.change = [set, which](Packet& packet) {
    packet.*which = set ? (packet.*which).changed(set->first, set->second) : Bits{0, 0xffffffff};
  };
  return effect;
}

std::uint32_t maskOption(const Rule& rule, std::string_view name) {
  const auto mask = numbers(rule, name);
  return mask ? mask->first : 0xffffffff;
}

/// to = (to & ~toMask) ^ (from & fromMask), with what is not known of either.
Bits copied(const Bits& to, std::uint32_t toMask, const Bits& from, std::uint32_t fromMask) {
  Bits out = to.changed(from.value & fromMask, toMask);
  out.unknown |= from.unknown & fromMask;
  return out;
}

Effect connectionMarkOf(const Rule& rule) {
  const std::uint32_t connection = maskOption(rule, "--ctmask");
  const std::uint32_t packetMask = maskOption(rule, "--nfmask");
  Effect effect{Effect::Kind::kContinue, spelt(rule), {}};
  if (targetOption(rule, "--save-mark") != nullptr) {
    effect.change = [=](Packet& packet) {
      packet.connectionMark = copied(packet.connectionMark, connection, packet.mark, packetMask);
    };
    return effect;
  }
  if (targetOption(rule, "--restore-mark") != nullptr) {
    effect.change = [=](Packet& packet) {
      packet.mark = copied(packet.mark, packetMask, packet.connectionMark, connection);
    };
    return effect;
  }
  return markOf(rule, &Packet::connectionMark);
}

bool oneOf(std::string_view name, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

Effect untracked(const Rule& rule) {
  return {Effect::Kind::kContinue, spelt(rule),
          [](Packet& packet) { packet.state = ConnectionState::kUntracked; }};
}

}  // namespace

Effect effectOf(const Rule& rule, bool chain) {
  using Kind = Effect::Kind;
  const std::string& target = rule.target;
  if (rule.goes || chain) {
    return {rule.goes ? Kind::kGoto : Kind::kJump, target, {}};
  }
  if (oneOf(target, {"ACCEPT", "DROP", "RETURN"})) {
    return {target == "ACCEPT" ? Kind::kAccept
            : target == "DROP" ? Kind::kDrop
                               : Kind::kReturn,
            target,
            {}};
  }
  if (oneOf(target, {"DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"})) {
    return translationOf(rule);
  }
  if (target == "REJECT") {
    return {Kind::kReject, spelt(rule), {}};
  }
  if (target == "MARK") {
    return markOf(rule, &Packet::mark);
  }
  if (target == "CONNMARK") {
    return connectionMarkOf(rule);
  }
  if (target == "NOTRACK" || (target == "CT" && targetOption(rule, "--notrack") != nullptr)) {
    return untracked(rule);
  }
  if (oneOf(target, {"NFQUEUE", "QUEUE", "TPROXY", "SYNPROXY"})) {
    return {Kind::kSteal, spelt(rule), {}};
  }
  const bool harmless =
      target.empty() ||
      oneOf(target, {"LOG",         "NFLOG", "ULOG",     "TRACE",     "AUDIT",   "TCPMSS",
                     "TCPOPTSTRIP", "TTL",   "HL",       "DSCP",      "TOS",     "ECN",
                     "CLASSIFY",    "SET",   "CHECKSUM", "IDLETIMER", "SECMARK", "CONNSECMARK",
                     "RATEEST",     "LED",   "TEE",      "CT",        "HMARK"});
  return {harmless ? Kind::kContinue : Kind::kUnknown, spelt(rule), {}};
}

}  // namespace hitless::iptables
