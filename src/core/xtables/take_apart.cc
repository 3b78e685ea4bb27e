#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/xtables/table.h"

namespace hitless::xtables {
namespace {

struct Walked {
  std::vector<std::uint32_t> offsets;
  std::vector<std::uint32_t> heads;  ///< Of entries with an ERROR target, by index.
};

Result<Walked> walk(const TableInfo& info, ByteView entries) {
  Walked walked;
  walked.offsets.reserve(info.entries < entries.size() / kExtensionHeader ? info.entries : 0);
  for (std::size_t at = 0; at < entries.size();) {
    const Entry entry = TRY(Entry::checked(entries.subspan(at), info.family));
    if (entry.errorName()) {
      walked.heads.push_back(static_cast<std::uint32_t>(walked.offsets.size()));
    }
    walked.offsets.push_back(static_cast<std::uint32_t>(at));
    at += entry.size();
  }
  if (walked.heads.empty() || walked.heads.back() + 1 != walked.offsets.size()) {
    return invalid("the table does not end with its ERROR entry");
  }
  return walked;
}

class Parts {
 public:
  Parts(const TableInfo& info, ByteView entries, Walked walked)
      : entries_(entries), walked_(std::move(walked)) {
    table_.info = info;
  }

  Result<Table> take() {
    TRY_VOID(builtIns());
    TRY_VOID(others());
    table_.end = ruleAt(lastEntry());
    for (Chain& chain : table_.chains) {
      TRY_VOID(resolve(chain));
    }
    return std::move(table_);
  }

 private:
  std::size_t lastEntry() const { return walked_.offsets.size() - 1; }

  Result<std::size_t> indexOf(std::uint32_t offset) const {
    const auto& offsets = walked_.offsets;
    const auto found = std::lower_bound(offsets.begin(), offsets.end(), offset);
    if (found == offsets.end() || *found != offset) {
      return invalid(fmt::format("offset {} is within an entry", offset));
    }
    return static_cast<std::size_t>(found - offsets.begin());
  }

  Rule ruleAt(std::size_t index) const {
    return {entries_.data() + walked_.offsets[index], kNowhere, static_cast<std::uint32_t>(index)};
  }

  /// Entries [first, tail] as a chain's rules and its end.
  Status fill(Chain& chain, std::size_t first, std::size_t tail) {
    if (tail < first || tail >= lastEntry()) {
      return invalid(fmt::format("chain {} has no end", chain.name));
    }
    if (first < covered_) {
      return invalid(fmt::format("chain {} begins within another", chain.name));
    }
    covered_ = tail + 1;
    chain.tail = ruleAt(tail);
    if (!table_.entry(chain.tail).verdict()) {
      return invalid(fmt::format("chain {} does not end with a verdict", chain.name));
    }
    chain.rules.reserve(tail - first);
    for (std::size_t i = first; i < tail; ++i) {
      chain.rules.push_back(ruleAt(i));
    }
    starts_.emplace(walked_.offsets[first], static_cast<std::int32_t>(table_.chains.size()));
    table_.chains.push_back(std::move(chain));
    return {};
  }

  Status builtIns() {
    for (std::size_t hook = 0; hook < kHooks; ++hook) {
      if ((table_.info.validHooks >> hook & 1) == 0) {
        continue;
      }
      Chain chain;
      chain.name = kHookNames.at(hook);
      chain.hook = static_cast<int>(hook);
      const std::size_t first = TRY(indexOf(table_.info.hookEntry.at(hook)));
      const std::size_t tail = TRY(indexOf(table_.info.underflow.at(hook)));
      TRY_VOID(fill(chain, first, tail));
    }
    if (covered_ != walked_.heads.front()) {
      return invalid("entries belong to no chain");
    }
    return {};
  }

  /// From one ERROR entry to the next.
  Status others() {
    for (std::size_t i = 0; i + 1 < walked_.heads.size(); ++i) {
      Chain chain;
      chain.head = ruleAt(walked_.heads[i]);
      chain.name = std::string(*table_.entry(chain.head).errorName());
      TRY_VOID(fill(chain, walked_.heads[i] + 1, walked_.heads[i + 1] - 1));
    }
    return {};
  }

  Status resolve(Chain& chain) {
    for (Rule& rule : chain.rules) {
      const auto verdict = table_.entry(rule).verdict();
      if (!verdict || *verdict < 0) {
        continue;
      }
      const std::uint32_t next = rule.old + 1 < walked_.offsets.size()
                                     ? walked_.offsets[rule.old + 1]
                                     : static_cast<std::uint32_t>(entries_.size());
      const auto start = starts_.find(static_cast<std::uint32_t>(*verdict));
      if (static_cast<std::uint32_t>(*verdict) == next) {
        rule.leads = kOn;
      } else if (start != starts_.end() &&
                 table_.chains[static_cast<std::size_t>(start->second)].hook < 0) {
        rule.leads = start->second;
      } else {
        return invalid(fmt::format("a rule of {} leads to no chain's beginning", chain.name));
      }
    }
    return {};
  }

  Table table_;
  ByteView entries_;
  Walked walked_;
  std::size_t covered_ = 0;
  std::unordered_map<std::uint32_t, std::int32_t> starts_;
};

}  // namespace

Result<Table> takeApart(const TableInfo& info, ByteView entries) {
  auto table = [&]() -> Result<Table> {
    Walked walked = TRY(walk(info, entries));
    return Parts(info, entries, std::move(walked)).take();
  }();
  if (!table) {
    return tl::unexpected(std::move(table).error().about("legacy table " + info.name));
  }
  return table;
}

std::int32_t Table::find(std::string_view chain) const {
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (chains[i].name == chain && !chains[i].gone) {
      return static_cast<std::int32_t>(i);
    }
  }
  return -1;
}

std::size_t Table::rules() const {
  std::size_t count = 0;
  for (const Chain& chain : chains) {
    count += chain.gone ? 0 : chain.rules.size();
  }
  return count;
}

Rule Table::make(Bytes entry, std::int32_t leads) {
  made.push_back(std::make_shared<const Bytes>(std::move(entry)));
  return {made.back()->data(), leads, kNewEntry};
}

}  // namespace hitless::xtables
