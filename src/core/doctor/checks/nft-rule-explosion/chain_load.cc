#include "core/doctor/checks/nft-rule-explosion/chain_load.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "core/doctor/evidence_names.h"
#include "core/iptables/dump.h"
#include "core/iptables/owners.h"
#include "core/iptables/superfluous.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Dump;
using Key = std::tuple<std::string, std::string, std::string>;

/// Fewer rules than this say nothing of the rest.
constexpr std::size_t kLeastSample = 500;

Key keyOf(const NftChain& chain) {
  return {chain.family, chain.table, chain.name};
}

std::vector<NftChain> chainsIn(const std::string* text) {
  return text == nullptr ? std::vector<NftChain>()
                         : parseNftChains(*text).value_or(std::vector<NftChain>());
}

std::optional<Dump> dumpOf(const Evidence& evidence, std::string_view name) {
  const std::string* text = evidence.find(name);
  auto dump = text == nullptr ? Result<Dump>(invalid("unread")) : iptables::parseDump(*text);
  return dump ? std::optional(*std::move(dump)) : std::nullopt;
}

ChainSample sampleOf(const Chain& chain, const iptables::Table& table) {
  ChainSample sample;
  sample.read = chain.rules.size();
  const std::vector<bool> may = iptables::superfluous(
      chain, [&](std::string_view name) { return table.find(name) != nullptr; });
  std::unordered_map<std::string_view, std::size_t> counts;
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    const std::size_t times = ++counts[chain.rules[i].text];
    if (times > sample.commonestTimes) {
      sample.commonestTimes = times;
      sample.commonest = chain.rules[i].text;
    }
    sample.superfluous += may[i] ? 1 : 0;
    sample.mayRepair = sample.mayRepair ||
                       (may[i] && iptables::ownerOfRule(chain.name, chain.rules[i]) != nullptr);
  }
  sample.distinct = counts.size();
  return sample;
}

/// Finds what all pieces of evidence say of one chain.
class Loads {
 public:
  explicit Loads(const Evidence& evidence)
      : v4_(dumpOf(evidence, names::kNftRules4)),
        v6_(dumpOf(evidence, names::kNftRules6)),
        minutes_(static_cast<double>(evidence.span().count()) / 60e9) {
    for (const NftChain& chain : chainsIn(evidence.findFirst(names::kNftChains))) {
      before_[keyOf(chain)] = chain.use;
    }
    if (const std::string* text = evidence.find(names::kNftChanges)) {
      changes_ = parseNftChanges(*text).value_or(NftChanges());
    }
  }

  std::optional<ChainLoad> load(const NftChain& chain, std::uint64_t least) const {
    ChainLoad out;
    out.chain = chain;
    const auto [text, table] = textOf(chain);
    if (text != nullptr && (text->unread == 0 || text->rules.size() >= kLeastSample)) {
      out.rules = text->rules.size() + text->unread;
      if (out.rules >= least) {
        out.sample = sampleOf(*text, *table);
      }
    } else if (chain.hook) {
      out.rules = chain.use;
    }
    if (out.rules < least) {
      return std::nullopt;
    }
    grow(out);
    return out;
  }

 private:
  std::pair<const Chain*, const iptables::Table*> textOf(const NftChain& chain) const {
    const std::optional<Dump>& dump = chain.family == "ip6" ? v6_ : v4_;
    const bool possible = dump && (chain.family == "ip" || chain.family == "ip6");
    const iptables::Table* table = possible ? dump->find(chain.table) : nullptr;
    return {table == nullptr ? nullptr : table->find(chain.name), table};
  }

  void grow(ChainLoad& load) const {
    if (const auto before = before_.find(keyOf(load.chain)); before != before_.end()) {
      load.change = std::int64_t{load.chain.use} - std::int64_t{before->second};
      load.perMinute = minutes_ > 0 ? static_cast<double>(load.change) / minutes_ : 0;
    }
    for (const NftChainChange& change : changes_.chains) {
      if (change.family == load.chain.family && change.table == load.chain.table &&
          change.chain == load.chain.name) {
        load.writer = change;
      }
    }
  }

  std::optional<Dump> v4_;
  std::optional<Dump> v6_;
  double minutes_ = 0;
  std::map<Key, std::uint32_t> before_;
  NftChanges changes_;
};

}  // namespace

std::vector<ChainLoad> chainLoads(const Evidence& evidence, std::uint64_t least) {
  std::vector<ChainLoad> out;
  const auto chains = chainsIn(evidence.find(names::kNftChains));
  const bool any = std::any_of(chains.begin(), chains.end(),
                               [&](const NftChain& chain) { return chain.use >= least; });
  if (!any) {
    return out;
  }
  const Loads loads(evidence);
  for (const NftChain& chain : chains) {
    if (chain.use < least) {
      continue;
    }
    if (auto load = loads.load(chain, least)) {
      out.push_back(std::move(*load));
    }
  }
  return out;
}

}  // namespace hitless::doctor
