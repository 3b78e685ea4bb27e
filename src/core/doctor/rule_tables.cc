#include "core/doctor/rule_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/iptables/target_of.h"

namespace hitless::doctor {
namespace {

struct Source {
  std::string_view name;
  Backend backend;
  IpFamily family;
};
constexpr Source kSources[] = {{names::kNftRules4, Backend::kNft, IpFamily::kV4},
                               {names::kNftRules6, Backend::kNft, IpFamily::kV6},
                               {names::kLegacyRules4, Backend::kLegacy, IpFamily::kV4},
                               {names::kLegacyRules6, Backend::kLegacy, IpFamily::kV6}};

/// Each target of a chain's rules once.
std::vector<std::string_view> targets(const iptables::Chain& chain) {
  std::vector<std::string_view> found;
  std::unordered_set<std::string_view> seen;
  for (const iptables::RuleText& rule : chain.rules) {
    const std::string_view target = iptables::targetOf(rule.text);
    if (seen.insert(target).second) {
      found.push_back(target);
    }
  }
  return found;
}

void addUses(const std::vector<NftChain>& chains, RuleTable& table) {
  if (table.place().backend != Backend::kNft) {
    return;
  }
  const std::string_view family = table.place().family == IpFamily::kV4 ? "ip" : "ip6";
  for (const NftChain& chain : chains) {
    if (chain.family == family && chain.table == table.place().table) {
      table.setUse(chain.name, chain.use);
    }
  }
}

}  // namespace

RuleTable::RuleTable(TablePlace place, std::shared_ptr<const iptables::Dump> dump,
                     const iptables::Table* table)
    : place_(std::move(place)), dump_(std::move(dump)), table_(table) {
  index();
}

void RuleTable::index() {
  for (const iptables::Chain& chain : chains()) {
    nodes_[chain.name].chain = &chain;
    whole_ = whole_ && chain.unread == 0;
  }
  for (const iptables::Chain& chain : chains()) {
    for (const std::string_view target : targets(chain)) {
      if (const auto node = nodes_.find(target); node != nodes_.end()) {
        node->second.from.push_back(&chain);
        nodes_[chain.name].to.push_back(node->first);
      }
    }
  }
  for (const iptables::Chain& chain : chains()) {
    if (chain.builtIn()) {
      walk(chain);
    }
  }
}

void RuleTable::walk(const iptables::Chain& from) {
  std::vector<std::string_view> open = {from.name};
  while (!open.empty()) {
    Node& node = nodes_[open.back()];
    open.pop_back();
    if (!node.reached) {
      node.reached = true;
      open.insert(open.end(), node.to.begin(), node.to.end());
    }
  }
}

const iptables::Chain* RuleTable::find(std::string_view chain) const {
  const auto node = nodes_.find(chain);
  return node == nodes_.end() ? nullptr : node->second.chain;
}

std::string RuleTable::text(std::string_view chain) const {
  return fmt::format("{} {} {} ({})", place_.family == IpFamily::kV4 ? "ip" : "ip6", place_.table,
                     chain, place_.backend == Backend::kNft ? "nft" : "legacy");
}

const std::vector<const iptables::Chain*>& RuleTable::from(std::string_view chain) const {
  static const std::vector<const iptables::Chain*> kNobody;
  const auto node = nodes_.find(chain);
  return node == nodes_.end() ? kNobody : node->second.from;
}

bool RuleTable::leads(std::string_view from, std::string_view to) const {
  return std::ranges::any_of(this->from(to),
                             [&](const auto* chain) { return chain->name == from; });
}

bool RuleTable::leadsSomehow(std::string_view from, std::string_view to) const {
  std::unordered_set<std::string_view> seen;
  std::vector<std::string_view> open = {to};
  while (!open.empty()) {
    const std::string_view chain = open.back();
    open.pop_back();
    for (const iptables::Chain* before : this->from(chain)) {
      if (before->name == from) {
        return true;
      }
      if (seen.insert(before->name).second) {
        open.push_back(before->name);
      }
    }
  }
  return false;
}

bool RuleTable::reached(std::string_view chain) const {
  const auto node = nodes_.find(chain);
  return node != nodes_.end() && node->second.reached;
}

bool RuleTable::lonely(std::string_view chain) const {
  const auto node = nodes_.find(chain);
  if (node == nodes_.end() || !node->second.from.empty()) {
    return false;
  }
  const Node& it = node->second;
  return whole_ ||
         (it.use.has_value() && it.chain->unread == 0 && *it.use == it.chain->rules.size());
}

void RuleTable::setUse(std::string_view chain, std::uint32_t use) {
  if (const auto node = nodes_.find(chain); node != nodes_.end()) {
    node->second.use = use;
  }
}

std::vector<NftChain> readChains(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kNftChains);
  if (text == nullptr) {
    return {};
  }
  auto chains = parseNftChains(*text);
  return chains ? std::move(*chains) : std::vector<NftChain>();
}

std::vector<RuleTable> readRules(const Evidence& evidence) {
  const std::vector<NftChain> chains = readChains(evidence);
  std::vector<RuleTable> tables;
  for (const Source& source : kSources) {
    const std::string* text = evidence.find(source.name);
    if (text == nullptr) {
      continue;
    }
    auto dump = iptables::parseDump(*text);
    if (!dump) {
      continue;
    }
    const auto shared = std::make_shared<const iptables::Dump>(std::move(*dump));
    for (const iptables::Table& table : shared->tables) {
      tables.emplace_back(TablePlace{source.backend, source.family, std::string(table.name)},
                          shared, &table);
      addUses(chains, tables.back());
    }
  }
  return tables;
}

}  // namespace hitless::doctor
