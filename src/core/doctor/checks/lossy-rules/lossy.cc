#include "core/doctor/checks/lossy-rules/lossy.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/ip.h"
#include "base/text.h"
#include "core/iptables/rule.h"
#include "core/iptables/target_of.h"

namespace hitless::doctor {
namespace {

using iptables::Match;
using iptables::Option;
using iptables::Rule;
using iptables::RuleText;

enum class Needs { kAnything, kMark, kPort };

/// What rules of these chains with these targets have in every version of their owner.
struct Shape {
  std::string_view chain;   ///< With '*' at its end: a prefix.
  std::string_view target;  ///< Likewise.
  Needs needs = Needs::kAnything;
  Severity severity = Severity::kWarning;
};
constexpr Shape kShapes[] = {
    {"KUBE-FIREWALL", "DROP", Needs::kAnything, Severity::kCritical},
    {"KUBE-FORWARD", "ACCEPT", Needs::kAnything, Severity::kWarning},
    {"KUBE-FORWARD", "DROP", Needs::kAnything, Severity::kCritical},
    {"KUBE-POSTROUTING", "RETURN", Needs::kMark, Severity::kCritical},
    {"KUBE-NODEPORTS", "*", Needs::kPort, Severity::kCritical},
    {"KUBE-SERVICES", "KUBE-SVC-*", Needs::kPort, Severity::kWarning},
    {"KUBE-SERVICES", "KUBE-EXT-*", Needs::kPort, Severity::kWarning},
    {"KUBE-SERVICES", "KUBE-FW-*", Needs::kPort, Severity::kWarning},
    {"KUBE-SERVICES", "KUBE-XLB-*", Needs::kPort, Severity::kWarning},
    {"KUBE-POD-FW-*", "REJECT", Needs::kMark, Severity::kCritical},
    {"KUBE-ROUTER-*", "ACCEPT", Needs::kAnything, Severity::kWarning},
    {"KUBE-ROUTER-*", "RETURN", Needs::kAnything, Severity::kWarning},
    {"CNI-HOSTPORT-MASQ", "MASQUERADE", Needs::kMark, Severity::kWarning},
};

bool fits(std::string_view pattern, std::string_view name) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                : name == pattern;
}

bool isPort(const Option& option) {
  return option.name.starts_with("--dport") || option.name.starts_with("--sport") ||
         option.name == "--ports";
}

bool has(const Rule& rule, Needs needs) {
  const auto unknown = [](const Match& match) { return match.name == "set"; };
  if (std::ranges::any_of(rule.matches, unknown)) {
    return true;
  }
  if (needs == Needs::kMark) {
    return rule.findMatch("mark") != nullptr;
  }
  if (needs == Needs::kPort) {
    return std::ranges::any_of(rule.matches, [](const Match& match) {
      // Bytes that could not be read may be ports.
      return match.name == "nfacct" || std::ranges::any_of(match.options, [](const Option& option) {
               return isPort(option) || option.name == "--xt-info";
             });
    });
  }
  return !rule.own.empty() || std::ranges::any_of(rule.matches, [](const Match& match) {
    return match.name != "comment";
  });
}

std::string_view lost(Needs needs) {
  switch (needs) {
    case Needs::kMark:
      return "without the mark that it asks for";
    case Needs::kPort:
      return "without its port, so that it takes all of them";
    case Needs::kAnything:
      break;
  }
  return "without any match, so that it takes every packet";
}

/// "-d 10.43.0.0/32" where the comment speaks of a range: an old iptables reads no prefix lengths
/// of whole bytes that a new one has written.
bool isRangeOfOne(const Rule& rule) {
  const std::string comment = toLower(rule.comment());
  if (comment.find("range") == std::string::npos && comment.find("cidr") == std::string::npos) {
    return false;
  }
  return std::ranges::any_of(rule.own, [](const Option& option) {
    const bool isAddress = option.name == "-s" || option.name == "-d";
    return isAddress && !option.values.empty() && option.values[0].ends_with(".0.0/32");
  });
}

std::optional<Rule> withoutMark(Rule rule) {
  const std::size_t gone =
      std::erase_if(rule.matches, [](const Match& match) { return match.name == "mark"; });
  return gone == 0 ? std::nullopt : std::optional(std::move(rule));
}

std::optional<Rule> withoutPort(Rule rule) {
  const std::size_t gone = std::erase_if(rule.matches, [](const Match& match) {
    return (match.name == "tcp" || match.name == "udp") &&
           std::ranges::any_of(match.options, isPort);
  });
  return gone == 0 ? std::nullopt : std::optional(std::move(rule));
}

std::optional<Rule> withoutPrefix(Rule rule) {
  bool changed = false;
  for (Option& option : rule.own) {
    if ((option.name != "-s" && option.name != "-d") || option.values.empty()) {
      continue;
    }
    const auto range = Cidr::parse(option.values[0]);
    if (!range) {
      continue;
    }
    const std::string single = option.values[0].substr(0, option.values[0].find('/')) +
                               (range->address.isV4() ? "/32" : "/128");
    changed = changed || single != option.values[0];
    option.values[0] = single;
  }
  return changed ? std::optional(std::move(rule)) : std::nullopt;
}

/// What an old iptables makes of a rule, with what it loses.
std::vector<std::pair<Rule, std::string_view>> reductions(const Rule& rule, bool ofPolicy) {
  std::vector<std::pair<Rule, std::string_view>> found;
  const auto add = [&](std::optional<Rule> reduced, std::string_view what) {
    if (reduced) {
      found.emplace_back(std::move(*reduced), what);
    }
  };
  add(withoutMark(rule), "without its mark");
  add(withoutPrefix(rule), "with one address instead of its network");
  if (!ofPolicy) {  // A policy may allow a port of all, and then all ports.
    add(withoutPort(rule), "without its port");
  }
  return found;
}

}  // namespace

std::vector<Lossy> lossyByShape(const iptables::Chain& chain) {
  std::vector<Lossy> found;
  std::unordered_set<std::string_view> seen;  // A million copies are one rule.
  for (const RuleText& text : chain.rules) {
    if (!seen.insert(text.text).second) {
      continue;
    }
    const std::string_view target = iptables::targetOf(text.text);
    const auto shape = std::ranges::find_if(kShapes, [&](const Shape& candidate) {
      return fits(candidate.chain, chain.name) && fits(candidate.target, target);
    });
    const bool isRange = chain.name.starts_with("KUBE-ROUTER-");
    if (shape == std::end(kShapes) && !isRange) {
      continue;
    }
    const auto rule = iptables::parseRule(text.text);
    if (rule && shape != std::end(kShapes) && !has(*rule, shape->needs)) {
      found.push_back({&text, std::string(lost(shape->needs)), {}, shape->severity});
    } else if (rule && isRange && isRangeOfOne(*rule)) {
      found.push_back({&text, "with one address instead of its range", {}, Severity::kWarning});
    }
  }
  return found;
}

std::vector<Lossy> lossyBySibling(const iptables::Chain& chain) {
  std::unordered_map<std::string_view, const RuleText*> byText;
  for (const RuleText& rule : chain.rules) {
    byText.try_emplace(rule.text, &rule);
  }
  const bool ofPolicy = chain.name.starts_with("KUBE-NWPLCY-");
  std::vector<Lossy> found;
  for (const auto& [text, rule] : byText) {
    const auto parsed = iptables::parseRule(text);
    if (!parsed) {
      continue;
    }
    for (const auto& [reduced, what] : reductions(*parsed, ofPolicy)) {
      const auto sibling = byText.find(iptables::render(reduced));
      if (sibling != byText.end()) {
        found.push_back(
            {sibling->second, std::string(what), std::string(text), Severity::kWarning});
      }
    }
  }
  std::ranges::sort(found, {}, [](const Lossy& lossy) { return lossy.rule->line; });
  return found;
}

}  // namespace hitless::doctor
