#include "sys/doctor/legacy_repairer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "core/doctor/json_fields.h"
#include "core/iptables/owners.h"
#include "core/xtables/save_text.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::Backend;
using doctor::DedupeChain;
using doctor::DeleteChains;
using doctor::InsertRule;
using doctor::TablePlace;
using xtables::Change;
using xtables::Table;

const TablePlace* tablePlaceOf(const Action& action) {
  if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
    return &dedupe->place;
  }
  if (const auto* chains = std::get_if<DeleteChains>(&action)) {
    return &chains->place;
  }
  const auto* rule = std::get_if<InsertRule>(&action);
  return rule == nullptr ? nullptr : &rule->place;
}

/// The chains that an action means: the one that it names, else all.
Result<std::vector<std::size_t>> chainsOf(const Table& table, const DedupeChain& action) {
  std::vector<std::size_t> chains;
  if (action.chain.empty()) {
    for (std::size_t i = 0; i < table.chains.size(); ++i) {
      chains.push_back(i);
    }
    return chains;
  }
  const std::int32_t at = table.find(action.chain);
  if (at < 0) {
    return fail(ErrorKind::kNotFound, fmt::format("there is no chain {}", action.chain));
  }
  chains.push_back(static_cast<std::size_t>(at));
  return chains;
}

Result<Change> perform(Table& table, const Action& action, const iptables::SetNames& sets) {
  if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
    Change change;
    for (const std::size_t at : TRY(chainsOf(table, *dedupe))) {
      change.push_back(xtables::takeRepetitions(table, at, &sets));
    }
    return change;
  }
  if (const auto* chains = std::get_if<DeleteChains>(&action)) {
    return xtables::takeChains(table, chains->chains);
  }
  const auto& insert = std::get<InsertRule>(action);
  return Change{TRY(xtables::putRule(table, insert.chain, insert.rule, insert.first))};
}

std::size_t countOf(const xtables::ChainChange& change) {
  return change.order.size();
}

std::string lineOf(const xtables::ChainChange& change) {
  if (!change.inserted.empty()) {
    return fmt::format("one rule comes into {}", change.chain);
  }
  if (change.deleted) {
    return fmt::format("chain {} goes with its {} rules", change.chain,
                       grouped(change.rulesBefore));
  }
  return fmt::format("{} rules of {} become {}", grouped(change.rulesBefore), change.chain,
                     grouped(change.rulesBefore - countOf(change)));
}

void dropEmpty(Change& change) {
  std::erase_if(change, [](const xtables::ChainChange& one) { return one.empty(); });
}

constexpr int kAttempts = 20;

bool isConflict(const Status& status) {
  return !status && status.error().kind == ErrorKind::kConflict;
}

}  // namespace

struct LegacyRepairer::Read {
  XtablesSocket socket;
  TableBytes bytes;
  Table table;
  iptables::SetNames sets;
};

Result<LegacyRepairer::Read> LegacyRepairer::read(IpFamily family, const std::string& name) {
  const auto tables = existingTables(family);
  if (std::find(tables.begin(), tables.end(), name) == tables.end()) {
    return fail(ErrorKind::kNotFound, fmt::format("there is no legacy table {}", name));
  }
  XtablesSocket socket = TRY(XtablesSocket::open(family));
  for (int attempt = 1;; ++attempt) {
    const xtables::TableInfo info = TRY(socket.info(name));
    auto bytes = socket.entries(info);
    if (!bytes && bytes.error().kind == ErrorKind::kConflict && attempt < kAttempts) {
      continue;
    }
    if (!bytes) {
      return tl::unexpected(std::move(bytes).error());
    }
    Table table = TRY(xtables::takeApart(info, bytes->entries()));
    iptables::SetNames sets = socket.setNames(table);
    return Read{std::move(socket), *std::move(bytes), std::move(table), std::move(sets)};
  }
}

bool LegacyRepairer::canDo(const Action& action) const {
  const TablePlace* place = tablePlaceOf(action);
  return place != nullptr && place->backend == Backend::kLegacy;
}

Result<std::vector<std::string>> LegacyRepairer::plan(const Action& action) {
  const TablePlace& place = *tablePlaceOf(action);
  Read now = TRY(read(place.family, place.table));
  Change change = TRY(perform(now.table, action, now.sets));
  dropEmpty(change);
  if (change.empty()) {
    return fail(ErrorKind::kNotFound, "nothing is left to do");
  }
  std::vector<std::string> lines;
  for (const xtables::ChainChange& one : change) {
    lines.push_back(lineOf(one));
  }
  return lines;
}

Status LegacyRepairer::commit(const Read& now) const {
  xtables::Assembled assembled = TRY(xtables::assemble(now.table, kReplaceHead));
  const auto old = TRY(now.socket.replace(assembled, now.table.info.entries));
  std::vector<xt_counters> counters(assembled.old.size());
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (assembled.old[i] < old.size()) {
      counters[i] = old[assembled.old[i]];
    }
  }
  return now.socket.addCounters(now.table.info.name, counters);
}

Status LegacyRepairer::attempt(std::span<const Action> actions, doctor::UndoLog& log) {
  const TablePlace& place = *tablePlaceOf(actions.front());
  const XtablesLock lock = TRY(XtablesLock::take(options_.lockFile, options_.lockWait));
  Read now = TRY(read(place.family, place.table));
  Change change;
  for (const Action& action : actions) {
    for (xtables::ChainChange& one : TRY(perform(now.table, action, now.sets))) {
      change.push_back(std::move(one));
    }
  }
  dropEmpty(change);
  if (change.empty()) {
    return fail(ErrorKind::kNotFound, "nothing is left to do");
  }
  TRY_VOID(log.record({name(), xtables::toJson(now.table.info, change)}));
  remember(now, actions);
  return commit(now);
}

Status LegacyRepairer::apply(std::span<const Action> actions, doctor::UndoLog& log) {
  if (actions.empty()) {
    return fail(ErrorKind::kNotFound, "nothing to do");
  }
  Status done = attempt(actions, log);
  for (int i = 1; i < kAttempts && isConflict(done); ++i) {
    done = attempt(actions, log);
  }
  return done;
}

/// Under the lock and behind the change: what stays of the chains that lost repetitions is what
/// must be there later.
void LegacyRepairer::remember(const Read& now, std::span<const Action> actions) {
  kept_.clear();
  for (const Action& action : actions) {
    if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
      const auto chains = chainsOf(now.table, *dedupe);
      for (const std::size_t at : chains ? *chains : std::vector<std::size_t>{}) {
        const xtables::Chain& chain = now.table.chains[at];
        for (const xtables::Rule& rule : chain.rules) {
          kept_[chain.name].insert(xtables::ruleText(now.table, rule, &now.sets));
        }
      }
    }
  }
}

Status LegacyRepairer::verifyDedupe(Read& now, const DedupeChain& action) const {
  // Who writes beside us may have put the next copies in by now.
  constexpr std::size_t kNewCopies = 16;
  std::size_t again = 0;
  for (const std::size_t at : TRY(chainsOf(now.table, action))) {
    const xtables::Chain& chain = now.table.chains[at];
    again += xtables::repetitions(now.table, at, &now.sets);
    std::set<std::string> there;
    for (const xtables::Rule& rule : chain.rules) {
      there.insert(xtables::ruleText(now.table, rule, &now.sets));
    }
    const auto kept = kept_.find(chain.name);
    if (kept != kept_.end() && !action.chain.empty() &&
        !std::includes(there.begin(), there.end(), kept->second.begin(), kept->second.end())) {
      return fail(ErrorKind::kConflict, fmt::format("{} lost a rule that had to stay", chain.name));
    }
  }
  if (again > kNewCopies) {
    return fail(ErrorKind::kConflict, fmt::format("{} repetitions are there again", grouped(again)),
                "somebody writes them: stop the writer first");
  }
  return {};
}

Status LegacyRepairer::verify(std::span<const Action> actions) {
  for (const Action& action : actions) {
    const TablePlace& place = *tablePlaceOf(action);
    Read now = TRY(read(place.family, place.table));
    if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
      TRY_VOID(verifyDedupe(now, *dedupe));
    } else if (const auto* chains = std::get_if<DeleteChains>(&action)) {
      for (const std::string& chain : chains->chains) {
        if (now.table.find(chain) >= 0) {
          return fail(ErrorKind::kConflict, fmt::format("chain {} is there again", chain));
        }
      }
    } else if (!TRY(perform(now.table, action, now.sets)).front().inserted.empty()) {
      return fail(ErrorKind::kConflict, "the rule is not there");
    }
  }
  return {};
}

Status LegacyRepairer::attemptUndo(const doctor::UndoEntry& entry) {
  const IpFamily family =
      doctor::fields::text(entry.before, "family") == "ip6" ? IpFamily::kV6 : IpFamily::kV4;
  const Change change = TRY(xtables::changeFromJson(entry.before, family));
  const XtablesLock lock = TRY(XtablesLock::take(options_.lockFile, options_.lockWait));
  Read now = TRY(read(family, doctor::fields::text(entry.before, "table")));
  TRY_VOID(xtables::putBack(now.table, change));
  return commit(now);
}

Status LegacyRepairer::undo(const doctor::UndoEntry& entry) {
  Status done = attemptUndo(entry);
  for (int i = 1; i < kAttempts && isConflict(done); ++i) {
    done = attemptUndo(entry);
  }
  return done;
}

}  // namespace hitless::sys
