#include "core/conntrack/flow.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <array>
#include <cstring>

namespace hitless::conntrack {
namespace {

constexpr std::array<std::string_view, 10> kTcpStates = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};

constexpr std::size_t kWordBits = sizeof(unsigned long) * 8;
using Words = std::array<unsigned long, sizeof(Flow::labels) / sizeof(unsigned long)>;

Words wordsOf(const decltype(Flow::labels)& labels) {
  Words words{};
  std::memcpy(words.data(), labels.data(), labels.size());
  return words;
}

std::string protocolName(std::uint8_t protocol) {
  switch (protocol) {
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case kSctp:
      return "sctp";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

}  // namespace

std::string_view name(TcpState state) {
  const auto index = static_cast<std::size_t>(state);
  return index < kTcpStates.size() ? kTcpStates[index] : "UNKNOWN";
}

bool Flow::seenReply() const {
  return (status & IPS_SEEN_REPLY) != 0;
}
bool Flow::assured() const {
  return (status & IPS_ASSURED) != 0;
}
bool Flow::translated() const {
  return (status & IPS_DST_NAT) != 0;
}
bool Flow::labelled(unsigned number) const {
  const auto words = wordsOf(labels);
  return number / kWordBits < words.size() &&
         (words[number / kWordBits] >> number % kWordBits & 1) != 0;
}
void Flow::setLabel(unsigned number, bool on) {
  auto words = wordsOf(labels);
  if (number / kWordBits < words.size()) {
    const unsigned long bit = 1UL << number % kWordBits;
    words[number / kWordBits] =
        on ? words[number / kWordBits] | bit : words[number / kWordBits] & ~bit;
    std::memcpy(labels.data(), words.data(), labels.size());
  }
}

std::string Flow::text() const {
  const std::string state = tcpState ? fmt::format(" {}", name(*tcpState)) : std::string{};
  return fmt::format("{}{} {}:{} -> {}:{} (reply from {}:{})", protocolName(original.protocol),
                     state, original.source.text(), original.sourcePort,
                     original.destination.text(), original.destinationPort, reply.source.text(),
                     reply.sourcePort);
}

}  // namespace hitless::conntrack
