#include <algorithm>

#include "base/text.h"
#include "core/iptables/conditions.h"

/// Conditions on marks, on the connection, and on where a packet comes from.
namespace hitless::iptables {

namespace {

std::optional<Condition> markIs(const Option& option, Bits Packet::*which) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  const auto wanted = markAndMask(option.values.front());
  if (!wanted) {
    return std::nullopt;
  }
  return [which, value = wanted->first, mask = wanted->second](const Packet& packet) {
    return (packet.*which).equals(value, mask);
  };
}

Answer isInState(const Packet& packet, std::string_view state) {
  if (state == "NEW") {
    return answer(packet.state == ConnectionState::kNew);
  }
  if (state == "ESTABLISHED") {
    return answer(packet.state == ConnectionState::kEstablished);
  }
  if (state == "UNTRACKED") {
    return answer(packet.state == ConnectionState::kUntracked);
  }
  if (state == "DNAT") {
    return answer(packet.destinationTranslated);
  }
  if (state == "SNAT") {
    return answer(packet.sourceTranslated);
  }
  // The packet that is followed belongs to a connection and was found to be whole.
  return state == "RELATED" || state == "INVALID" ? Answer::kNo : Answer::kMaybe;
}

std::optional<Condition> stateIn(const Option& option) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  return [states = option.values.front()](const Packet& packet) {
    Answer result = Answer::kNo;
    const auto list = split(states, ',');
    for (const std::string_view state : list) {
      const Answer one = isInState(packet, state);
      if (one == Answer::kYes) {
        return one;
      }
      result = one == Answer::kMaybe ? one : result;
    }
    return result;
  };
}

std::optional<Condition> directionIs(const Option& option) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  return
      [original = option.values.front() == "ORIGINAL"](const Packet&) { return answer(original); };
}

std::optional<Condition> packetType(const Option& option) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  return [type = option.values.front()](const Packet& packet) {
    const auto first = packet.destination.bytes()[0];
    const bool multicast = packet.destination.isV4() ? first >= 224 : first == 0xff;
    return multicast ? Answer::kMaybe : answer(type == "unicast");
  };
}

/// Only packets of the node's own processes have an owner.
Answer ownerKnown(const Packet& packet) {
  return packet.localOrigin ? Answer::kMaybe : Answer::kNo;
}

}  // namespace

std::optional<Condition> stateCondition(std::string_view match, const Option& option) {
  if (match == "mark" && option.name == "--mark") {
    return markIs(option, &Packet::mark);
  }
  if (match == "connmark" && option.name == "--mark") {
    return markIs(option, &Packet::connectionMark);
  }
  if ((match == "conntrack" && option.name == "--ctstate") ||
      (match == "state" && option.name == "--state")) {
    return stateIn(option);
  }
  if (match == "conntrack" && option.name == "--ctdir") {
    return directionIs(option);
  }
  if (match == "pkttype") {
    return packetType(option);
  }
  if (match == "owner") {
    return Condition(ownerKnown);
  }
  return std::nullopt;
}

}  // namespace hitless::iptables
