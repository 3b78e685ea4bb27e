#include "core/xtables/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include "core/xtables/forms.h"

namespace hitless::xtables {
namespace {

std::size_t verdictAt(const std::uint8_t* entry, IpFamily family) {
  std::uint16_t target = 0;
  std::memcpy(&target, entry + layoutOf(family).target, sizeof target);
  return target + kExtensionHeader;
}

}  // namespace

void keyOf(const Table& table, const Rule& rule, std::string& key) {
  const Layout& layout = layoutOf(table.info.family);
  const ByteView bytes = table.entry(rule).bytes();
  key.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::memset(key.data() + layout.nfcache, 0, 4);
  std::memset(key.data() + layout.comefrom, 0, layout.header - layout.comefrom);
  if (rule.leads != kNowhere) {
    std::memcpy(key.data() + verdictAt(rule.bytes, table.info.family), &rule.leads,
                sizeof rule.leads);
    key += rule.leads == kOn ? 'o' : 'c';
  }
}

RuleForm formOf(const Table& table, const Rule& rule) {
  RuleForm form{table.entry(rule).canonical(), rule.leads == kOn, {}};
  if (rule.leads != kNowhere) {
    std::memset(form.entry.data() + verdictAt(rule.bytes, table.info.family), 0, 4);
  }
  if (rule.leads >= 0) {
    form.leadsTo = table.chains[static_cast<std::size_t>(rule.leads)].name;
  }
  return form;
}

Result<Rule> ruleOf(Table& table, const RuleForm& form) {
  std::int32_t leads = form.on ? kOn : kNowhere;
  if (!form.leadsTo.empty()) {
    leads = table.find(form.leadsTo);
    if (leads < 0 || table.chains[static_cast<std::size_t>(leads)].hook >= 0) {
      return fail(ErrorKind::kNotFound,
                  fmt::format("a rule leads to chain {}, which is not there", form.leadsTo));
    }
  }
  return table.make(form.entry, leads);
}

Distinct::Distinct(const Table& table, const Chain& chain) {
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::string key;
  ofRule.reserve(chain.rules.size());
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    keyOf(table, chain.rules[i], key);
    auto found = numbers.find(key);
    if (found == numbers.end()) {
      found = numbers.emplace(key, static_cast<std::uint32_t>(firstRule.size())).first;
      firstRule.push_back(i);
    }
    ofRule.push_back(found->second);
  }
}

ChainChange takeRules(Table& table, std::size_t at, const Distinct& distinct,
                      const std::vector<bool>& goes) {
  Chain& chain = table.chains[at];
  ChainChange change;
  change.chain = chain.name;
  change.rulesBefore = static_cast<std::uint32_t>(chain.rules.size());
  constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<std::uint32_t> numbers(distinct.firstRule.size(), kNone);
  std::vector<Rule> stay;
  for (std::uint32_t i = 0; i < chain.rules.size(); ++i) {
    if (!goes[i]) {
      stay.push_back(chain.rules[i]);
      continue;
    }
    std::uint32_t& number = numbers[distinct.ofRule[i]];
    if (number == kNone) {
      number = static_cast<std::uint32_t>(change.distinct.size());
      change.distinct.push_back(formOf(table, chain.rules[i]));
    }
    change.order.push_back(number);
    if (!change.removed.empty() && change.removed.back().start + change.removed.back().count == i) {
      ++change.removed.back().count;
    } else {
      change.removed.push_back({i, 1});
    }
  }
  chain.rules = std::move(stay);
  return change;
}

Result<Change> takeChains(Table& table, std::span<const std::string> names) {
  std::vector<bool> go(table.chains.size());
  for (const std::string& name : names) {
    const std::int32_t found = table.find(name);
    if (found < 0) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no chain {}", name));
    }
    if (table.chains[static_cast<std::size_t>(found)].hook >= 0) {
      return fail(ErrorKind::kUnsupported, fmt::format("chain {} is built-in", name));
    }
    go[static_cast<std::size_t>(found)] = true;
  }
  Change change;
  for (std::size_t i = 0; i < table.chains.size(); ++i) {
    std::vector<bool> leave(table.chains[i].rules.size(), go[i]);
    for (std::size_t rule = 0; rule < leave.size(); ++rule) {
      const std::int32_t leads = table.chains[i].rules[rule].leads;
      leave[rule] = leave[rule] || (leads >= 0 && go[static_cast<std::size_t>(leads)]);
    }
    if (!go[i] && std::find(leave.begin(), leave.end(), true) == leave.end()) {
      continue;
    }
    ChainChange one = takeRules(table, i, Distinct(table, table.chains[i]), leave);
    one.deleted = go[i];
    if (!one.empty()) {
      change.push_back(std::move(one));
    }
  }
  for (std::size_t i = 0; i < table.chains.size(); ++i) {
    table.chains[i].gone = table.chains[i].gone || go[i];
  }
  return change;
}

Result<ChainChange> putRule(Table& table, std::string_view name, std::string_view text,
                            bool first) {
  const std::int32_t at = table.find(name);
  if (at < 0) {
    return fail(ErrorKind::kNotFound, fmt::format("there is no chain {}", name));
  }
  RuleForm form = TRY(ruleFromText(text, table.info.family));
  if (!form.leadsTo.empty()) {
    const std::int32_t target = table.find(form.leadsTo);
    if (target < 0) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no chain {}", form.leadsTo));
    }
  }
  Chain& chain = table.chains[static_cast<std::size_t>(at)];
  ChainChange change;
  change.chain = chain.name;
  change.rulesBefore = static_cast<std::uint32_t>(chain.rules.size());
  const Rule rule = TRY(ruleOf(table, form));
  std::string wanted;
  keyOf(table, rule, wanted);
  std::string key;
  for (const Rule& there : chain.rules) {
    keyOf(table, there, key);
    if (key == wanted) {
      return change;
    }
  }
  chain.rules.insert(first ? chain.rules.begin() : chain.rules.end(), rule);
  change.inserted.push_back(std::move(form));
  return change;
}

namespace {

Status createMissing(Table& table, const Change& change) {
  for (const ChainChange& one : change) {
    if (!one.deleted || table.find(one.chain) >= 0) {
      continue;
    }
    Chain chain;
    chain.name = one.chain;
    chain.head = table.make(errorEntry(table.info.family, one.chain), kNowhere);
    Selector any;
    any.source = any.destination = any.sourceMask = any.destinationMask =
        table.info.family == IpFamily::kV4 ? IpAddress::v4(0) : IpAddress::v6({});
    chain.tail = table.make(standardEntry(any, {}, kReturn), kNowhere);
    table.chains.push_back(std::move(chain));
  }
  return {};
}

void takeInserted(Table& table, Chain& chain, const RuleForm& form) {
  const auto found = std::find_if(chain.rules.begin(), chain.rules.end(),
                                  [&](const Rule& rule) { return formOf(table, rule) == form; });
  if (found != chain.rules.end()) {
    chain.rules.erase(found);
  }
}

/// Both sequences in one pass: a removed rule comes when its place is reached.
Status merge(Table& table, Chain& chain, const ChainChange& change) {
  std::vector<Rule> made;
  for (const RuleForm& form : change.distinct) {
    made.push_back(TRY(ruleOf(table, form)));
  }
  std::vector<Rule> rules;
  std::size_t present = 0;
  std::size_t number = 0;
  for (const Run& run : change.removed) {
    while (rules.size() < run.start && present < chain.rules.size()) {
      rules.push_back(chain.rules[present++]);
    }
    for (std::uint32_t i = 0; i < run.count && number < change.order.size(); ++i) {
      rules.push_back(made.at(change.order[number++]));
    }
  }
  rules.insert(rules.end(), chain.rules.begin() + static_cast<std::ptrdiff_t>(present),
               chain.rules.end());
  chain.rules = std::move(rules);
  return {};
}

}  // namespace

Status putBack(Table& table, const Change& change) {
  TRY_VOID(createMissing(table, change));
  for (const ChainChange& one : change) {
    const std::int32_t at = table.find(one.chain);
    if (at < 0) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no chain {} any more", one.chain));
    }
    // A view of the chain's own that making rules does not move: chains stay, `made` grows.
    Chain& chain = table.chains[static_cast<std::size_t>(at)];
    for (const RuleForm& form : one.inserted) {
      takeInserted(table, chain, form);
    }
    if (!one.removed.empty() && chain.rules.size() < one.rulesBefore) {
      TRY_VOID(merge(table, chain, one));
    }
  }
  return {};
}

}  // namespace hitless::xtables
