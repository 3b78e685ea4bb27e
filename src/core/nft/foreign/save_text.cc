#include "core/nft/foreign/save_text.h"

#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "core/nft/foreign/rule_words.h"

namespace hitless::nft {
namespace {

struct Table {
  std::string_view name;
  /// Its built-in chains, in the order in which they are printed. iptables-nft makes one when its
  /// first rule comes, and prints it as if it were there before.
  std::array<std::string_view, 5> builtIn;
};
constexpr std::array<Table, 5> kTables = {
    {{"raw", {"PREROUTING", "OUTPUT"}},
     {"mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}},
     {"nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}},
     {"filter", {"INPUT", "FORWARD", "OUTPUT"}},
     {"security", {"INPUT", "FORWARD", "OUTPUT"}}}};

}  // namespace

bool isIptablesTable(std::uint8_t family, std::string_view table) {
  return (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) &&
         std::any_of(kTables.begin(), kTables.end(),
                     [&](const Table& known) { return known.name == table; });
}

SaveText::SaveText(std::uint8_t family, const std::vector<ForeignChain>& chains) : family_(family) {
  std::vector<std::tuple<bool, std::uint32_t, Chain>> sorted;
  for (const ForeignChain& chain : chains) {
    if (chain.family != family || !isIptablesTable(family, chain.chain.table)) {
      continue;
    }
    std::string policy;
    if (chain.chain.policy) {
      policy = *chain.chain.policy == "drop" ? "DROP" : "ACCEPT";
    }
    sorted.emplace_back(!chain.chain.hook.has_value(), chain.hookNumber,
                        Chain{{family, chain.chain.table, chain.chain.name},
                              chain.chain.use,
                              std::move(policy),
                              chain.counters});
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a).place) <
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b).place);
  });
  for (auto& [user, hook, chain] : sorted) {
    chains_.push_back(std::move(chain));
  }
}

void SaveText::add(const ChainPlace& place, std::span<const RawRule> rules, bool whole,
                   bool interrupted) {
  Rules& entry = rules_[place];
  entry.read = rules.size();
  entry.whole = whole;
  entry.interrupted = interrupted;
  for (const RawRule& rule : rules) {
    const RuleCounters counters = countersOf(rule);
    fmt::format_to(std::back_inserter(entry.lines), "[{}:{}] -A {}", counters.packets,
                   counters.bytes, place.chain);
    const std::string text = ruleText(rule);
    entry.lines += text.empty() ? "\n" : " " + text + "\n";
    if (std::string target = targetOf(rule); !target.empty()) {
      ++jumps_[{place.family, place.table, std::move(target)}];
    }
  }
}

void SaveText::skip(const ChainPlace& place) {
  rules_[place].whole = false;
}

std::string SaveText::take() {
  std::string out;
  for (const Table& table : kTables) {
    appendTable(table.name, table.builtIn, out);
  }
  return out;
}

void SaveText::appendTable(std::string_view table, std::span<const std::string_view> builtIn,
                           std::string& out) const {
  std::vector<const Chain*> own;
  for (const Chain& chain : chains_) {
    if (chain.place.table == table) {
      own.push_back(&chain);
    }
  }
  if (own.empty()) {
    return;
  }
  out += fmt::format("*{}\n", table);
  const auto declare = [&](std::string_view name, std::string_view policy, RuleCounters counters) {
    out += fmt::format(":{} {} [{}:{}]\n", name, policy, counters.packets, counters.bytes);
  };
  for (const std::string_view name : builtIn) {
    const auto found = std::find_if(own.begin(), own.end(),
                                    [&](const Chain* chain) { return chain->place.chain == name; });
    if (!name.empty() && found == own.end()) {
      declare(name, "ACCEPT", {});
    } else if (!name.empty()) {
      declare(name, (*found)->policy.empty() ? "-" : (*found)->policy, (*found)->counters);
    }
  }
  for (const Chain* chain : own) {
    if (std::find(builtIn.begin(), builtIn.end(), chain->place.chain) == builtIn.end()) {
      declare(chain->place.chain, chain->policy.empty() ? "-" : chain->policy, chain->counters);
    }
  }
  for (const Chain* chain : own) {
    appendRules(*chain, out);
  }
  out += "COMMIT\n";
}

void SaveText::appendRules(const Chain& chain, std::string& out) const {
  const auto found = rules_.find(chain.place);
  if (found == rules_.end()) {
    return;
  }
  const Rules& rules = found->second;
  if (rules.interrupted) {
    out += fmt::format("# {} was changed while it was read\n", chain.place.chain);
  }
  out += rules.lines;
  if (rules.whole) {
    return;
  }
  // A chain's use counts its rules and what leads to it; of the latter those are known that were
  // read.
  const auto jumps = jumps_.find(chain.place);
  const std::size_t known = rules.read + (jumps == jumps_.end() ? 0 : jumps->second);
  const std::size_t unread = chain.use > known ? chain.use - known : 0;
  if (unread > 0) {
    out += fmt::format("# unread {} {}\n", chain.place.chain, unread);
  }
}

}  // namespace hitless::nft
