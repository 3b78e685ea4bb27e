#include "base/text.h"
#include "core/iptables/effect.h"

/// The targets of the nat table.
namespace hitless::iptables {

namespace {

struct Destination {
  std::optional<IpAddress> address;
  std::optional<std::uint16_t> port;
};

std::optional<std::uint16_t> portOf(std::string_view text) {
  const auto number = parseUint(text.substr(0, text.find_first_of("-/")));
  return number && *number < 65536
             ? std::optional<std::uint16_t>(static_cast<std::uint16_t>(*number))
             : std::nullopt;
}

/// "10.0.0.1:80", "10.0.0.1-10.0.0.9", "[fd00::1]:80", ":80"; of a range its first.
Destination destinationOf(std::string_view text) {
  Destination out;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    const auto behind = text.substr(std::min(text.size(), close));
    port = behind.starts_with("]:") ? behind.substr(2) : std::string_view();
    text = text.substr(1, close == std::string_view::npos ? close : close - 1);
  } else if (const auto colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  out.address = IpAddress::parse(text.substr(0, text.find('-')));
  out.port = portOf(port);
  return out;
}

std::string_view value(const Rule& rule, std::string_view name) {
  for (const Option& option : rule.targetOptions) {
    if (option.name == name && !option.values.empty()) {
      return option.values.front();
    }
  }
  return {};
}

std::string with(std::string_view word, std::string_view to) {
  return to.empty() ? std::string(word) : std::string(word) + " to " + std::string(to);
}

void lead(Packet& packet, const Destination& to) {
  if (to.address) {
    packet.destination = *to.address;
  }
  if (to.port) {
    packet.destinationPort = to.port;
  }
  packet.destinationTranslated = true;
}

Effect redirection(const Rule& rule) {
  const std::string_view ports = value(rule, "--to-ports");
  return {
      Effect::Kind::kTranslate, with("REDIRECT", ports), [port = portOf(ports)](Packet& packet) {
        // To the incoming interface's address, which only the node knows; or to loopback's.
        if (packet.localOrigin) {
          lead(packet, {IpAddress::parse(packet.destination.isV4() ? "127.0.0.1" : "::1"), port});
        } else {
          lead(packet,
               {packet.own && !packet.own->empty() ? std::optional<IpAddress>(packet.own->front())
                                                   : std::nullopt,
                port});
        }
        packet.destinationIsNode = true;
      }};
}

}  // namespace

Effect translationOf(const Rule& rule) {
  using Kind = Effect::Kind;
  if (rule.target == "DNAT") {
    const std::string_view to = value(rule, "--to-destination");
    return {Kind::kTranslate, with("DNAT", to),
            [target = destinationOf(to)](Packet& packet) { lead(packet, target); }};
  }
  if (rule.target == "REDIRECT") {
    return redirection(rule);
  }
  if (rule.target == "SNAT") {
    const std::string_view to = value(rule, "--to-source");
    return {Kind::kTranslate, with("SNAT", to), [target = destinationOf(to)](Packet& packet) {
              packet.source = target.address.value_or(packet.source);
              packet.sourcePort = target.port ? target.port : packet.sourcePort;
              packet.sourceTranslated = true;
            }};
  }
  if (rule.target == "MASQUERADE") {
    return {Kind::kTranslate, "MASQUERADE as the outgoing interface's address",
            [](Packet& packet) { packet.sourceTranslated = true; }};
  }
  return {Kind::kTranslate, with("NETMAP", value(rule, "--to")) + " (not followed)", {}};
}

}  // namespace hitless::iptables
