#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>
#include <unordered_map>

#include "base/count_text.h"
#include "base/text.h"
#include "core/iptables/owners.h"
#include "core/iptables/report.h"

namespace hitless::iptables {

namespace {

namespace json = boost::json;

std::string amount(double nanoseconds) {
  if (nanoseconds >= 1e9) {
    return fmt::format("{:.3g} s", nanoseconds / 1e9);
  }
  if (nanoseconds >= 1e6) {
    return fmt::format("{:.3g} ms", nanoseconds / 1e6);
  }
  return nanoseconds >= 1e3 ? fmt::format("{:.3g} us", nanoseconds / 1e3)
                            : fmt::format("{:.3g} ns", nanoseconds);
}

/// Chains with repetitions, those with the most first.
std::vector<const ChainDuplicates*> worstFirst(const Duplicates& duplicates) {
  std::vector<const ChainDuplicates*> out;
  for (const ChainDuplicates& chain : duplicates.chains) {
    if (chain.rules > chain.distinct) {
      out.push_back(&chain);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->rules - a->distinct > b->rules - b->distinct;
  });
  return out;
}

std::string chainText(const ChainDuplicates& chain) {
  std::string text =
      fmt::format("{} {}: {} rules, {} distinct, {} can go\n", chain.table, chain.chain,
                  grouped(chain.rules), grouped(chain.distinct), grouped(chain.mayGo));
  for (const RepeatedRule& rule : chain.top) {
    text += fmt::format("  {:>12} times, lines {} to {}: {}\n", grouped(rule.count), rule.firstLine,
                        rule.lastLine, rule.text);
  }
  return text;
}

std::string pathText(const HookCost& cost) {
  std::vector<std::string> names(cost.path.begin(), cost.path.end());
  return join(names, " -> ");
}

json::object chainJson(const ChainDuplicates& chain) {
  json::array top;
  for (const RepeatedRule& rule : chain.top) {
    top.push_back(json::object{{"rule", rule.text},
                               {"count", rule.count},
                               {"canGo", rule.mayGo},
                               {"firstLine", rule.firstLine},
                               {"lastLine", rule.lastLine}});
  }
  return {{"table", chain.table},      {"chain", chain.chain}, {"rules", chain.rules},
          {"unread", chain.unread},    {"canGo", chain.mayGo}, {"top", std::move(top)},
          {"distinct", chain.distinct}};
}

json::object costJson(const HookCost& cost) {
  const RuleCost legacy = costOf("legacy", cost.rules);
  const RuleCost nft = costOf("nft", cost.rules);
  return {{"table", cost.table},
          {"hook", cost.hook},
          {"rules", cost.rules},
          {"path", json::array(cost.path.begin(), cost.path.end())},
          {"legacyNanoseconds", json::object{{"low", legacy.low}, {"high", legacy.high}}},
          {"nftNanoseconds", json::object{{"low", nft.low}, {"high", nft.high}}}};
}

}  // namespace

RuleCost costOf(std::string_view source, std::uint64_t rules) {
  const auto count = static_cast<double>(rules);
  const double low = source == "nft" ? kNftRuleCost.low : kLegacyRuleCost.low;
  const double high = source == "legacy" ? kLegacyRuleCost.high : kNftRuleCost.high;
  return {low * count, high * count};
}

std::string spelt(const RuleCost& cost) {
  return amount(cost.low) + " to " + amount(cost.high);
}

std::vector<std::pair<std::string_view, std::uint64_t>> rulesByOwner(const Dump& dump) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const Table& table : dump.tables) {
    for (const Chain& chain : table.chains) {
      std::unordered_map<std::string_view, std::uint64_t> texts;
      for (const RuleText& rule : chain.rules) {
        ++texts[rule.text];
      }
      for (const auto& [text, count] : texts) {
        RuleText rule;
        rule.text = text;
        const Owner* owner = ownerOfRule(chain.name, rule);
        counts[owner == nullptr ? std::string_view() : owner->name] += count;
      }
    }
  }
  std::vector<std::pair<std::string_view, std::uint64_t>> out(counts.begin(), counts.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

std::string textOf(const Duplicates& duplicates, const Dump& dump) {
  std::string text =
      fmt::format("{} in {} and {}\n", counted(duplicates.rules, "rule"),
                  counted(dump.tables.size(), "table"), counted(duplicates.chains.size(), "chain"));
  if (duplicates.unread > 0) {
    text += fmt::format("{} more were not read\n", grouped(duplicates.unread));
  }
  text += fmt::format("{} distinct; {} decide nothing and can go\n\nwhose:\n",
                      grouped(duplicates.distinct), grouped(duplicates.mayGo));
  for (const auto& [owner, count] : rulesByOwner(dump)) {
    text += fmt::format("  {:>12} {}\n", grouped(count), owner.empty() ? "nobody known" : owner);
  }
  const auto worst = worstFirst(duplicates);
  text += worst.empty() ? "\nno rule comes twice in its chain\n" : "\nrepetitions:\n";
  for (const ChainDuplicates* chain : worst) {
    text += chainText(*chain);
  }
  text += "\nmost rules that a packet passes:\n";
  for (const HookCost& cost : duplicates.costs) {
    if (cost.rules > 0) {
      text += fmt::format("  {:<12} {:<11} {:>12} rules, {} (legacy) or {} (nft): {}\n", cost.table,
                          cost.hook, grouped(cost.rules), spelt(costOf("legacy", cost.rules)),
                          spelt(costOf("nft", cost.rules)), pathText(cost));
    }
  }
  return text;
}

boost::json::object jsonOf(const Duplicates& duplicates, const Dump& dump) {
  json::array chains;
  for (const ChainDuplicates* chain : worstFirst(duplicates)) {
    chains.push_back(chainJson(*chain));
  }
  json::array costs;
  for (const HookCost& cost : duplicates.costs) {
    costs.push_back(costJson(cost));
  }
  json::object owners;
  for (const auto& [owner, count] : rulesByOwner(dump)) {
    owners[owner.empty() ? "unknown" : owner] = count;
  }
  return {{"rules", duplicates.rules},       {"unread", duplicates.unread},
          {"distinct", duplicates.distinct}, {"canGo", duplicates.mayGo},
          {"owners", std::move(owners)},     {"repetitions", std::move(chains)},
          {"costs", std::move(costs)}};
}

}  // namespace hitless::iptables
