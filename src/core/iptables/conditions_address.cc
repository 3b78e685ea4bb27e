#include <algorithm>

#include "base/text.h"
#include "core/iptables/conditions.h"

/// Conditions on addresses, interfaces and the protocol.
namespace hitless::iptables {

namespace {

/// Matched bits of an address: a network, or what an odd mask like 255.0.255.0 leaves.
struct Network {
  IpAddress address;
  IpAddress mask;

  bool contains(const IpAddress& ip) const {
    if (ip.family() != address.family()) {
      return false;
    }
    for (std::size_t i = 0; i < ip.bytes().size(); ++i) {
      if (((ip.bytes()[i] ^ address.bytes()[i]) & mask.bytes()[i]) != 0) {
        return false;
      }
    }
    return true;
  }
};

IpAddress maskOf(IpFamily family, std::size_t length) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t bit = 0; bit < length; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | (0x80U >> (bit % 8)));
  }
  return family == IpFamily::kV6
             ? IpAddress::v6(bytes)
             : IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 |
                             static_cast<std::uint32_t>(bytes[1]) << 16 |
                             static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
}

std::optional<Network> networkOf(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  const std::size_t width = address->bytes().size() * 8;
  if (slash == std::string_view::npos) {
    return Network{*address, maskOf(address->family(), width)};
  }
  if (const auto mask = IpAddress::parse(text.substr(slash + 1))) {
    return mask->family() == address->family() ? std::optional(Network{*address, *mask})
                                               : std::nullopt;
  }
  const auto length = parseUint(text.substr(slash + 1));
  if (!length || *length > width) {
    return std::nullopt;
  }
  return Network{*address, maskOf(address->family(), *length)};
}

using AddressOf = IpAddress Packet::*;

std::optional<Condition> inNetworks(const Option& option, AddressOf which) {
  std::vector<Network> networks;
  for (const std::string& value : option.values) {
    for (const std::string_view part : split(value, ',')) {
      const auto network = networkOf(part);
      if (!network) {
        return std::nullopt;
      }
      networks.push_back(*network);
    }
  }
  return [networks, which](const Packet& packet) {
    return answer(std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
      return network.contains(packet.*which);
    }));
  };
}

Answer isInterface(const Packet& packet, std::string_view name, bool input) {
  const std::optional<std::string>& has = input ? packet.in : packet.out;
  const bool prefix = name.ends_with('+');
  if (has) {
    return answer(prefix ? has->starts_with(name.substr(0, name.size() - 1)) : *has == name);
  }
  // Loopback carries what the node sends to itself, and nothing else.
  const bool foreign =
      packet.isOwn(packet.source) == Answer::kNo || packet.isOwn(packet.destination) == Answer::kNo;
  if (name == "lo" && foreign) {
    return Answer::kNo;
  }
  return name == "+" ? Answer::kYes : Answer::kMaybe;
}

std::optional<Condition> onInterface(const Option& option, bool input) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  return [name = option.values.front(), input](const Packet& packet) {
    return isInterface(packet, name, input);
  };
}

std::optional<Condition> ofProtocol(const Option& option) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  const std::string& name = option.values.front();
  if (name == "all" || name == "0") {
    return [](const Packet&) { return Answer::kYes; };
  }
  const auto number = protocolNumber(name);
  if (!number) {
    return std::nullopt;
  }
  return [wanted = *number](const Packet& packet) { return answer(packet.protocol == wanted); };
}

Answer ofType(const Packet& packet, AddressOf which, std::string_view type) {
  const IpAddress& address = packet.*which;
  const auto first = address.bytes()[0];
  const bool multicast = address.isV4() ? first >= 224 && first < 240 : first == 0xff;
  const bool everybody = address.isV4() && address.v4HostOrder() == 0xffffffff;
  const Answer own = which == &Packet::destination && packet.destinationIsNode
                         ? Answer::kYes
                         : packet.isOwn(address);
  if (type == "LOCAL") {
    return multicast || everybody ? Answer::kNo : own;
  }
  if (type == "MULTICAST") {
    return answer(multicast);
  }
  if (type == "UNICAST") {
    return multicast || everybody ? Answer::kNo : !own;
  }
  if (type == "BROADCAST" && (everybody || multicast || own == Answer::kYes)) {
    return answer(everybody);
  }
  return Answer::kMaybe;
}

std::optional<Condition> ofTypes(const Option& option, AddressOf which) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  return [types = option.values.front(), which](const Packet& packet) {
    Answer result = Answer::kNo;
    const auto list = split(types, ',');
    for (const std::string_view type : list) {
      const Answer one = ofType(packet, which, type);
      if (one == Answer::kYes) {
        return one;
      }
      result = one == Answer::kMaybe ? one : result;
    }
    return result;
  };
}

std::optional<Condition> inRange(const Option& option, AddressOf which) {
  if (option.values.empty()) {
    return std::nullopt;
  }
  const std::string& text = option.values.front();
  const auto dash = text.find('-');
  const auto low = IpAddress::parse(std::string_view(text).substr(0, dash));
  const auto high =
      dash == std::string::npos ? low : IpAddress::parse(std::string_view(text).substr(dash + 1));
  if (!low || !high) {
    return std::nullopt;
  }
  return [from = *low, to = *high, which](const Packet& packet) {
    const IpAddress& address = packet.*which;
    return answer(address.family() == from.family() && from <= address && address <= to);
  };
}

}  // namespace

std::optional<Condition> ownCondition(const Option& option) {
  switch (option.name.size() == 2 ? option.name[1] : '?') {
    case 's':
      return inNetworks(option, &Packet::source);
    case 'd':
      return inNetworks(option, &Packet::destination);
    case 'i':
      return onInterface(option, true);
    case 'o':
      return onInterface(option, false);
    case 'p':
      return ofProtocol(option);
    case 'f':  // Connection tracking has put fragments together.
      return [](const Packet&) { return Answer::kNo; };
    default:
      return std::nullopt;
  }
}

std::optional<Condition> addressCondition(std::string_view match, const Option& option) {
  if (match == "addrtype" && option.name == "--src-type") {
    return ofTypes(option, &Packet::source);
  }
  if (match == "addrtype" && option.name == "--dst-type") {
    return ofTypes(option, &Packet::destination);
  }
  if (match == "iprange" && option.name == "--src-range") {
    return inRange(option, &Packet::source);
  }
  if (match == "iprange" && option.name == "--dst-range") {
    return inRange(option, &Packet::destination);
  }
  if (match == "conntrack" && option.name == "--ctorigdst") {
    return inNetworks(option, &Packet::originalDestination);
  }
  if (match == "conntrack" && option.name == "--ctorigsrc") {
    return inNetworks(option, &Packet::originalSource);
  }
  return std::nullopt;
}

}  // namespace hitless::iptables
