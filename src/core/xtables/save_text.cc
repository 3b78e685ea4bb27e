#include "core/xtables/save_text.h"

#include <fmt/format.h>
#include <netinet/in.h>
// After netinet/in.h, whose structures it uses.
#include <linux/netfilter_ipv4/ip_tables.h>

#include "core/iptables/xt_words.h"

namespace hitless::xtables {
namespace {

/// As libxtables' own list and /etc/protocols name them.
std::string protocolName(std::uint16_t protocol) {
  constexpr std::array<std::pair<std::uint16_t, std::string_view>, 17> kNames{
      {{1, "icmp"},
       {2, "igmp"},
       {4, "ipencap"},
       {6, "tcp"},
       {17, "udp"},
       {33, "dccp"},
       {41, "ipv6"},
       {47, "gre"},
       {50, "esp"},
       {51, "ah"},
       {58, "ipv6-icmp"},
       {89, "ospf"},
       {103, "pim"},
       {112, "vrrp"},
       {132, "sctp"},
       {135, "mobility-header"},
       {136, "udplite"}}};
  for (const auto& [number, name] : kNames) {
    if (number == protocol) {
      return std::string(name);
    }
  }
  return fmt::format("{}", protocol);
}

std::string networkWords(const char* option, const IpAddress& address, const IpAddress& mask,
                         bool inverted) {
  const bool any = address == IpAddress::v4(0) || address == IpAddress::v6({});
  const std::string length = iptables::xt::maskText(mask.bytes().data(), mask.family());
  if (any && length == "/0" && !inverted) {
    return {};
  }
  const char* whole = address.isV4() ? "/32" : "/128";
  return fmt::format("{}{} {}{} ", inverted ? "! " : "", option, address.text(),
                     length.empty() ? whole : length);
}

/// The mask ends with the name's NUL, or before it where the name ends with '+'.
std::string interfaceWords(const char* option, const std::array<char, 16>& name,
                           const std::array<std::uint8_t, 16>& mask, bool inverted) {
  if (mask[0] == 0) {
    return {};
  }
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (mask.at(i) == 0) {
      text += name.at(i - 1) != '\0' ? "+" : "";
      break;
    }
    if (name.at(i) != '\0') {
      text += name.at(i);
    }
  }
  return fmt::format("{}{} {} ", inverted ? "! " : "", option, text);
}

std::string selectorWords(const Selector& selector) {
  const auto inverted = [&](unsigned bit) { return (selector.inverted & bit) != 0; };
  std::string text =
      networkWords("-s", selector.source, selector.sourceMask, inverted(IPT_INV_SRCIP)) +
      networkWords("-d", selector.destination, selector.destinationMask, inverted(IPT_INV_DSTIP)) +
      interfaceWords("-i", selector.in, selector.inMask, inverted(IPT_INV_VIA_IN)) +
      interfaceWords("-o", selector.out, selector.outMask, inverted(IPT_INV_VIA_OUT));
  if (selector.protocol != 0) {
    text += fmt::format("{}-p {} ", inverted(XT_INV_PROTO) ? "! " : "",
                        protocolName(selector.protocol));
  }
  if (selector.fragment) {
    text += inverted(IPT_INV_FRAG) ? "! -f " : "-f ";
  }
  return text;
}

std::string_view verdictName(std::int32_t verdict) {
  switch (verdict) {
    case kDrop:
      return "DROP";
    case kAccept:
      return "ACCEPT";
    case kQueue:
      return "QUEUE";
    case kReturn:
      return "RETURN";
    default:
      return "ERROR";
  }
}

std::string leadWords(const Table& table, const Rule& rule, bool goes) {
  if (rule.leads == kOn) {
    return {};
  }
  if (rule.leads >= 0) {
    return (goes ? "-g " : "-j ") + table.chains[static_cast<std::size_t>(rule.leads)].name;
  }
  return "-j " + std::string(verdictName(table.entry(rule).verdict().value_or(0)));
}

std::string counterText(const EntryCounters& counters) {
  return fmt::format("[{}:{}]", counters.packets, counters.bytes);
}

}  // namespace

std::string ruleText(const Table& table, const Rule& rule, const iptables::SetNames* sets) {
  const Entry entry = table.entry(rule);
  const Selector selector = entry.selector();
  std::string text = selectorWords(selector);
  for (const Extension& match : entry.matches()) {
    text +=
        iptables::matchText(match.name, match.revision, match.data, table.info.family, sets) + " ";
  }
  const Extension target = entry.target();
  text += target.name.empty() ? leadWords(table, rule, selector.goes)
                              : iptables::targetText(target.name, target.revision, target.data,
                                                     table.info.family, sets);
  if (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return text;
}

std::string saveText(const Table& table, const iptables::SetNames* sets) {
  std::string text = "*" + table.info.name + "\n";
  for (const Chain& chain : table.chains) {
    const Entry tail = table.entry(chain.tail);
    text += chain.hook >= 0
                ? fmt::format(":{} {} {}\n", chain.name, verdictName(tail.verdict().value_or(0)),
                              counterText(tail.counters()))
                : fmt::format(":{} - [0:0]\n", chain.name);
  }
  for (const Chain& chain : table.chains) {
    for (const Rule& rule : chain.rules) {
      const std::string words = ruleText(table, rule, sets);
      text += fmt::format("{} -A {}{}{}\n", counterText(table.entry(rule).counters()), chain.name,
                          words.empty() ? "" : " ", words);
    }
  }
  return text + "COMMIT\n";
}

}  // namespace hitless::xtables
