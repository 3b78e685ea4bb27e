#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/iptables/owners.h"
#include "core/iptables/report.h"

namespace hitless::iptables {

namespace {

namespace json = boost::json;

std::string ownerName(const RulePlace& place) {
  RuleText rule;
  rule.text = place.text;
  const Owner* owner = place.number == 0 ? nullptr : ownerOfRule(place.chain, rule);
  return owner == nullptr ? std::string() : std::string(owner->name);
}

/// A back-end's rules were read from the kernel: they have no lines, but there may be two of each
/// table.
bool isLive(std::string_view source) {
  return source == "nft" || source == "legacy";
}

std::string tableText(std::string_view source, std::string_view table) {
  return isLive(source) ? fmt::format("{} ({})", table, source) : std::string(table);
}

/// "filter KUBE-POD-FW-A rule 2 (line 64, kube-router)"
std::string placeText(const RulePlace& place) {
  const std::string chain = tableText(place.source, place.table) + ' ' + place.chain;
  if (place.number == 0) {
    return chain + ' ' + place.text;
  }
  std::vector<std::string> more;
  if (!isLive(place.source)) {
    more.push_back(fmt::format("line {}", place.line));
  }
  if (std::string owner = ownerName(place); !owner.empty()) {
    more.push_back(std::move(owner));
  }
  return fmt::format("{} rule {}{}", chain, place.number,
                     more.empty() ? "" : " (" + join(more, ", ") + ")");
}

std::string ruleLine(const WalkedRule& rule) {
  std::string text = fmt::format("  {:<12} {}", rule.place.hook, placeText(rule.place));
  if (rule.place.number > 0) {
    text += ": " + rule.does;
  }
  if (rule.oneOf > 0) {
    text += fmt::format(", drawn as one of {}", rule.oneOf);
  }
  return text + '\n';
}

bool decides(const WalkResult& result) {
  return !result.steps.empty() && result.verdict != WalkResult::Verdict::kAccept;
}

RuleCost costOf(const WalkResult& result) {
  RuleCost sum;
  for (const PassedChain& chain : result.passed) {
    const RuleCost one = iptables::costOf(chain.source, chain.rules);
    sum.low += one.low;
    sum.high += one.high;
  }
  return sum;
}

std::string passedText(const WalkResult& result) {
  std::string text = fmt::format("rules passed: {}, about {} for each packet\n",
                                 fmt::group_digits(result.rules), spelt(costOf(result)));
  std::vector<PassedChain> most = result.passed;
  std::stable_sort(most.begin(), most.end(),
                   [](const auto& a, const auto& b) { return a.rules > b.rules; });
  most.resize(std::min<std::size_t>(most.size(), 5));
  for (const PassedChain& chain : most) {
    if (chain.rules > 0) {
      text += fmt::format("  {:>12} {} {} {}\n", fmt::format("{}", fmt::group_digits(chain.rules)),
                          chain.hook, tableText(chain.source, chain.table), chain.chain);
    }
  }
  return text;
}

/// What the verdict hangs on.
std::string doubt(const WalkResult& result) {
  const std::size_t rules = result.alternatives.size();
  if (rules == 0) {
    return result.notes.empty() ? "" : " (see the notes)";
  }
  return fmt::format(", unless {} below {} otherwise",
                     rules == 1 ? "a rule" : fmt::format("{} rules", rules),
                     rules == 1 ? "says" : "say");
}

json::object jsonOf(const WalkedRule& rule) {
  json::object out{{"source", rule.place.source}, {"hook", rule.place.hook},
                   {"table", rule.place.table},   {"chain", rule.place.chain},
                   {"number", rule.place.number}, {"line", rule.place.line},
                   {"rule", rule.place.text},     {"does", rule.does}};
  if (const std::string owner = ownerName(rule.place); !owner.empty()) {
    out["owner"] = owner;
  }
  if (rule.oneOf > 0) {
    out["oneOf"] = rule.oneOf;
  }
  return out;
}

json::array jsonOf(const std::vector<WalkedRule>& rules) {
  json::array out;
  for (const WalkedRule& rule : rules) {
    out.push_back(jsonOf(rule));
  }
  return out;
}

json::array passedJson(const WalkResult& result) {
  json::array out;
  for (const PassedChain& chain : result.passed) {
    out.push_back(json::object{{"source", chain.source},
                               {"hook", chain.hook},
                               {"table", chain.table},
                               {"chain", chain.chain},
                               {"rules", chain.rules},
                               {"unread", chain.unread}});
  }
  return out;
}

}  // namespace

std::string textOf(const WalkResult& result) {
  std::string text = fmt::format("verdict: {}{}\n", name(result.verdict), doubt(result));
  if (decides(result)) {
    const WalkedRule& last = result.steps.back();
    text += fmt::format("decided by {}\n", placeText(last.place));
    text += last.place.number == 0 ? "" : "  " + last.place.text + '\n';
  } else {
    text += "no rule stops the packet\n";
  }
  text += "on its way:\n";
  for (const WalkedRule& rule : result.steps) {
    text += ruleLine(rule);
  }
  text += passedText(result);
  if (!result.alternatives.empty()) {
    text += "nobody can tell from the packet alone whether these match:\n";
    for (const WalkedRule& rule : result.alternatives) {
      text += ruleLine(rule) + "                 " + rule.place.text + '\n';
    }
  }
  for (const std::string& note : result.notes) {
    text += "note: " + note + '\n';
  }
  return text;
}

boost::json::object jsonOf(const WalkResult& result) {
  const RuleCost cost = costOf(result);
  json::object out{{"verdict", name(result.verdict)},
                   {"sure", result.sure()},
                   {"decidedBy", nullptr},
                   {"steps", jsonOf(result.steps)},
                   {"alternatives", jsonOf(result.alternatives)},
                   {"rulesPassed", result.rules},
                   {"estimatedNanoseconds", json::object{{"low", cost.low}, {"high", cost.high}}},
                   {"passed", passedJson(result)},
                   {"notes", json::array(result.notes.begin(), result.notes.end())}};
  if (decides(result)) {
    out["decidedBy"] = jsonOf(result.steps.back());
  }
  out["destination"] = result.packet.destination.text();
  if (result.packet.destinationPort) {
    out["destinationPort"] = *result.packet.destinationPort;
  }
  return out;
}

}  // namespace hitless::iptables
