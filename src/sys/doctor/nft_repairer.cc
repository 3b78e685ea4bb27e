#include "sys/doctor/nft_repairer.h"

#include <fmt/format.h>

#include <linux/netfilter.h>

#include <boost/json.hpp>
#include <cerrno>
#include <optional>

#include "core/doctor/json_fields.h"
#include "core/doctor/nft/raw_json.h"
#include "core/nft/foreign/rule_builder.h"
#include "sys/doctor/nft_plan.h"
#include "sys/doctor/nft_reader.h"
#include "sys/doctor/nft_table.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using doctor::DedupeChain;
using doctor::DeleteChains;
using doctor::InsertRule;
using doctor::TablePlace;
namespace fields = doctor::fields;
namespace json = boost::json;

constexpr int kAttempts = 100;
/// Of the actions that this repairer can do.
const TablePlace* placeOf(const Action& action) {
  if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
    return &dedupe->place;
  }
  if (const auto* remove = std::get_if<DeleteChains>(&action)) {
    return &remove->place;
  }
  const auto* insert = std::get_if<InsertRule>(&action);
  return insert == nullptr ? nullptr : &insert->place;
}

/// What the action needs to see of its table: all of it, if it is empty.
std::set<std::string> chainsOf(std::span<const Action> actions) {
  std::set<std::string> chains;
  for (const Action& action : actions) {
    if (const auto* insert = std::get_if<InsertRule>(&action)) {
      chains.insert(insert->chain);
    } else if (std::holds_alternative<DeleteChains>(action)) {
      return {};
    }
  }
  return chains;
}

Result<nft::RawRule> ruleOf(const InsertRule& insert, const nft::TableRules& rules) {
  return nft::buildRule(insert.rule, chainPlace(insert.place, insert.chain),
                        [&](std::string_view name) { return rules.isChain(name); });
}

/// Adds an action to the batch; gives how to undo it, or nothing if it is done already.
Result<std::optional<json::object>> addEdit(const Action& action, const nft::TableRules& rules,
                                            nft::ForeignBatch& batch) {
  const auto* insert = std::get_if<InsertRule>(&action);
  const auto* remove = std::get_if<DeleteChains>(&action);
  if (insert == nullptr && remove == nullptr) {
    return std::nullopt;
  }
  auto before = insert != nullptr
                    ? nft::insertRule(TRY(ruleOf(*insert, rules)), insert->first, rules, batch)
                    : nft::deleteChains(rules, remove->chains, batch);
  if (!before && before.error().kind == ErrorKind::kNotFound) {
    return std::nullopt;
  }
  return TRY(std::move(before));
}

Status undoEdit(NftCommitter& committer, const json::object& before) {
  const nft::ChainPlace place = TRY(nft::placeOfJson(before));
  const TablePlace table{doctor::Backend::kNft,
                         place.family == NFPROTO_IPV4 ? IpFamily::kV4 : IpFamily::kV6, place.table};
  const std::set<std::string> all;
  for (int attempt = 1;; ++attempt) {
    const nft::Generation generation = TRY(readNftGeneration(committer.socket()));
    const auto now = TRY(readTable(committer.socket(), table, all));
    nft::ForeignBatch batch = committer.begin(generation.id);
    const json::array& edits = fields::list(before, "edits");
    for (std::size_t i = edits.size(); i-- > 0;) {
      const json::object edit = edits[i].is_object() ? edits[i].get_object() : json::object{};
      TRY_VOID(fields::text(edit, "kind") == "rule" ? nft::removeInserted(edit, *now, batch)
                                                    : nft::restoreChains(edit, *now, batch));
    }
    const Status committed = committer.commit(batch, "put foreign rules back");
    if (committed || !overtaken(committed.error()) || attempt == kAttempts) {
      return committed;
    }
  }
}

}  // namespace

bool NftRepairer::canDo(const Action& action) const {
  const TablePlace* place = placeOf(action);
  return place != nullptr && place->backend == doctor::Backend::kNft;
}

Result<NftCommitter*> NftRepairer::committer() {
  if (!committer_) {
    committer_ = std::make_unique<NftCommitter>(TRY(NftCommitter::open()));
  }
  return committer_.get();
}

Result<std::vector<std::string>> NftRepairer::plan(const Action& action) {
  const TablePlace* place = placeOf(action);
  if (place == nullptr) {
    return fail(ErrorKind::kUnsupported, "this is nothing that nf_tables has");
  }
  NftCommitter* own = TRY(committer());
  NetlinkSocket& socket = own->socket();
  TRY_VOID(expectFree(socket, *place));
  if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
    return planDedupe(socket, *dedupe);
  }
  const std::set<std::string> wanted = chainsOf({&action, 1});
  const auto rules = TRY(readTable(socket, *place, wanted));
  if (const auto* insert = std::get_if<InsertRule>(&action)) {
    TRY(ruleOf(*insert, *rules));
    return std::vector<std::string>{
        fmt::format("{} gets one rule at its {}", insert->chain, insert->first ? "head" : "end")};
  }
  return planDelete(*rules, std::get<DeleteChains>(action));
}

Status NftRepairer::apply(std::span<const Action> actions, doctor::UndoLog& log) {
  NftCommitter* own = TRY(committer());
  bool done = false;
  for (const Action& action : actions) {
    const TablePlace* place = placeOf(action);
    if (place == nullptr || !canDo(action)) {
      return fail(ErrorKind::kUnsupported, "this is nothing that nf_tables has");
    }
    TRY_VOID(expectFree(own->socket(), *place));
    if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
      TRY_VOID(this->dedupe(chainPlace(*place, dedupe->chain), log));
      done = true;
    }
  }
  const Status edited = edit(actions, log);
  return !edited && edited.error().kind == ErrorKind::kNotFound && done ? Status{} : edited;
}

Status NftRepairer::dedupe(const nft::ChainPlace& place, doctor::UndoLog& log) {
  NftCommitter* own = TRY(committer());
  outcomes_[place] = TRY(NftDedupe(*own, place, log).run());
  return {};
}

Status NftRepairer::edit(std::span<const Action> actions, doctor::UndoLog& log) {
  NftCommitter& committer = *TRY(this->committer());
  const std::set<std::string> wanted = chainsOf(actions);
  std::string recorded;
  std::string round;
  for (int attempt = 1;; ++attempt) {
    const nft::Generation generation = TRY(readNftGeneration(committer.socket()));
    round = round.empty() ? fmt::format("edit/{}", generation.id) : round;
    const auto rules = TRY(readTable(committer.socket(), *placeOf(actions[0]), wanted));
    nft::ForeignBatch batch = committer.begin(generation.id);
    json::array edits;
    for (const Action& action : actions) {
      if (auto before = TRY(addEdit(action, *rules, batch))) {
        edits.push_back(std::move(*before));
      }
    }
    if (edits.empty()) {
      return fail(ErrorKind::kNotFound, "nothing is left to do");
    }
    json::object before{{"kind", "edits"}, {"round", round}, {"edits", std::move(edits)}};
    nft::putPlace(before, chainPlace(*placeOf(actions[0]), "*"));
    // An attempt that would do the same needs no second entry.
    if (std::string text = json::serialize(before); text != recorded) {
      recorded = std::move(text);
      TRY_VOID(log.record({name(), std::move(before)}));
    }
    const Status committed = committer.commit(batch, "change foreign rules");
    if (committed || !overtaken(committed.error()) || attempt == kAttempts) {
      return committed;
    }
  }
}

Status NftRepairer::verify(std::span<const Action> actions) {
  NftCommitter* own = TRY(committer());
  for (const Action& action : actions) {
    const TablePlace& place = *placeOf(action);
    if (const auto* dedupe = std::get_if<DedupeChain>(&action)) {
      const nft::ChainPlace at = chainPlace(place, dedupe->chain);
      TRY_VOID(verifyDeduped(own->socket(), at, outcomes_[at]));
      continue;
    }
    const std::set<std::string> wanted = chainsOf({&action, 1});
    const auto rules = TRY(readTable(own->socket(), place, wanted));
    // What is done already adds nothing to a batch that is never sent.
    nft::ForeignBatch batch(1, 0);
    const auto missing = TRY(addEdit(action, *rules, batch));
    if (missing) {
      return fail(ErrorKind::kConflict,
                  fmt::format("this does not hold any more: {}", doctor::describe(action)),
                  "somebody undid it: see who changes the rules in nft-rule-explosion");
    }
  }
  return {};
}

Status NftRepairer::undo(const doctor::UndoEntry& entry) {
  const std::string round = fields::text(entry.before, "round");
  if (undone_.contains(round)) {
    return {};
  }
  NftCommitter* own = TRY(committer());
  const bool dedupe = fields::text(entry.before, "kind") == "dedupe";
  const Status done = dedupe ? undoDedupe(*own, entry.before) : undoEdit(*own, entry.before);
  if (!done && done.error().kind != ErrorKind::kNotFound) {
    return done;
  }
  if (done) {
    undone_.insert(round);
  }
  return {};
}

}  // namespace hitless::sys
