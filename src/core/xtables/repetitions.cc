#include <algorithm>
#include <deque>

#include "core/iptables/owners.h"
#include "core/iptables/superfluous.h"
#include "core/xtables/change.h"
#include "core/xtables/forms.h"
#include "core/xtables/save_text.h"

namespace hitless::xtables {
namespace {

struct Judged {
  Distinct distinct;
  std::vector<bool> goes;
};

Judged judge(const Table& table, const Chain& chain, const iptables::SetNames* sets) {
  Judged judged{Distinct(table, chain), {}};
  if (judged.distinct.firstRule.size() == chain.rules.size()) {
    judged.goes.resize(chain.rules.size());
    return judged;
  }
  std::deque<std::string> texts;
  std::vector<bool> owned;
  for (const std::size_t first : judged.distinct.firstRule) {
    texts.push_back(ruleText(table, chain.rules[first], sets));
    owned.push_back(iptables::ownerOfRule(chain.name, {texts.back(), {}, 0}) != nullptr);
  }
  iptables::Chain view;
  view.name = chain.name;
  view.rules.reserve(chain.rules.size());
  for (const std::uint32_t number : judged.distinct.ofRule) {
    view.rules.push_back({texts[number], {}, 0});
  }
  judged.goes =
      iptables::superfluous(view, [&](std::string_view name) { return table.find(name) >= 0; });
  for (std::size_t i = 0; i < judged.goes.size(); ++i) {
    judged.goes[i] = judged.goes[i] && owned[judged.distinct.ofRule[i]];
  }
  return judged;
}

}  // namespace

ChainChange takeRepetitions(Table& table, std::size_t at, const iptables::SetNames* sets) {
  const Judged judged = judge(table, table.chains[at], sets);
  return takeRules(table, at, judged.distinct, judged.goes);
}

std::size_t repetitions(const Table& table, std::size_t at, const iptables::SetNames* sets) {
  const Judged judged = judge(table, table.chains[at], sets);
  return static_cast<std::size_t>(std::count(judged.goes.begin(), judged.goes.end(), true));
}

}  // namespace hitless::xtables
