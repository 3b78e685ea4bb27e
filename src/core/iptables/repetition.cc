#include <algorithm>
#include <array>
#include <string_view>

#include "core/iptables/rule.h"

namespace hitless::iptables {

namespace {

/// Matches whose answer depends on nothing but the packet and its connection.
constexpr std::array<std::string_view, 35> kStateless = {
    "tcp",        "udp",     "udplite",  "sctp",      "dccp",    "icmp",      "icmp6",
    "icmpv6",     "ah",      "esp",      "dst",       "hbh",     "frag",      "rt",
    "ipv6header", "eui64",   "hl",       "ttl",       "tos",     "dscp",      "ecn",
    "length",     "mark",    "connmark", "conntrack", "state",   "multiport", "addrtype",
    "set",        "comment", "physdev",  "mac",       "iprange", "pkttype",   "owner"};
constexpr std::array<std::string_view, 7> kStatelessToo = {"helper", "realm", "policy",  "devgroup",
                                                           "tcpmss", "cpu",   "rpfilter"};

/// Behind them the chain goes on for no packet that matched.
constexpr std::array<std::string_view, 9> kFinal = {
    "ACCEPT", "DROP", "REJECT", "RETURN", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool isStateless(const Match& match) {
  const bool known = contains(kStateless, match.name) || contains(kStatelessToo, match.name);
  // Options that count or that keep bytes which nobody could read.
  const bool plain =
      std::none_of(match.options.begin(), match.options.end(), [](const Option& option) {
        return option.name == "--xt-info" || option.name == "--packets-gt" ||
               option.name == "--packets-lt" || option.name == "--packets-eq" ||
               option.name == "--bytes-gt" || option.name == "--bytes-lt" ||
               option.name == "--bytes-eq" || option.name == "--update-counters";
      });
  return known && plain;
}

}  // namespace

Repetition repetition(const Rule& rule, bool chain) {
  const bool ends = rule.goes || chain || contains(kFinal, rule.target);
  const bool plain = std::all_of(rule.matches.begin(), rule.matches.end(), isStateless);
  return ends && plain ? Repetition::kNothing : Repetition::kSomething;
}

bool readsWhatRulesWrite(const Rule& rule) {
  constexpr std::array<std::string_view, 9> kReading = {"mark", "connmark", "set",   "tos", "dscp",
                                                        "ttl",  "hl",       "realm", "ecn"};
  return std::any_of(rule.matches.begin(), rule.matches.end(),
                     [&](const Match& match) { return contains(kReading, match.name); });
}

bool changesWhatRulesRead(const Rule& rule, bool chain) {
  constexpr std::array<std::string_view, 5> kWatching = {"LOG", "NFLOG", "ULOG", "TRACE", "AUDIT"};
  return !rule.target.empty() &&
         (chain || !(contains(kFinal, rule.target) || contains(kWatching, rule.target)));
}

}  // namespace hitless::iptables
