#include "sys/doctor/nft_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "core/nft/foreign/dedupe_plan.h"
#include "sys/doctor/nft_reader.h"
#include "sys/doctor/nft_table.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kLook = 3000;

}  // namespace

Result<std::vector<std::string>> planDedupe(NetlinkSocket& socket,
                                            const doctor::DedupeChain& action) {
  const nft::ChainPlace place = chainPlace(action.place, action.chain);
  const auto chains = TRY(readNftChains(socket, place.family));
  const auto isChain = [&](std::string_view name) {
    return std::any_of(chains.begin(), chains.end(), [&](const nft::ForeignChain& chain) {
      return chain.chain.table == place.table && chain.chain.name == name;
    });
  };
  const auto found = std::find_if(chains.begin(), chains.end(), [&](const nft::ForeignChain& c) {
    return c.chain.table == place.table && c.chain.name == place.chain;
  });
  if (found == chains.end()) {
    return fail(ErrorKind::kNotFound, fmt::format("there is no chain {}", place.chain));
  }
  const RuleHead head = TRY(readRuleHead(place, kLook));
  const nft::DedupePlan plan = nft::planDedupe(head.rules, isChain);
  const std::size_t total = head.whole ? head.rules.size() : found->chain.use;
  if (plan.goneCount == 0) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("none of the {} rules of {} that were looked at may go",
                            grouped(head.rules.size()), place.chain),
                "they differ, count or mark, or nobody known wrote them");
  }
  if (head.whole) {
    return std::vector<std::string>{
        fmt::format("{} rules become {}", grouped(total), grouped(total - plan.goneCount))};
  }
  return std::vector<std::string>{
      fmt::format("{} rules; of the first {} stay {}", grouped(total), grouped(head.rules.size()),
                  grouped(head.rules.size() - plan.goneCount)),
      "they go some thousand at a time from the chain's head, each step one transaction; every "
      "rule is read before it goes, and what differs stays"};
}

Result<std::vector<std::string>> planDelete(const nft::TableRules& rules,
                                            const doctor::DeleteChains& action) {
  std::size_t chains = 0;
  std::size_t own = 0;
  std::size_t jumps = 0;
  const auto goes = [&](const std::string& name) {
    return std::find(action.chains.begin(), action.chains.end(), name) != action.chains.end();
  };
  for (const auto& [name, list] : rules.chains) {
    if (goes(name)) {
      ++chains;
      own += list.size();
      continue;
    }
    for (const nft::RawRule& rule : list) {
      jumps += goes(nft::targetOf(rule)) ? 1 : 0;
    }
  }
  if (chains == 0) {
    return fail(ErrorKind::kNotFound, "the chains are gone already");
  }
  return std::vector<std::string>{
      fmt::format("{} chains with {} rules go, and {} rules that lead there", grouped(chains),
                  grouped(own), grouped(jumps))};
}

}  // namespace hitless::sys
